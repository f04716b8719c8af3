from __future__ import annotations

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]


def test_the_readme_names_what_there_is():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(((?!http)[^)]+)\)", text)
    assert links
    for link in links:
        assert (ROOT / link.partition("#")[0]).exists(), link
    from dsdmsr.io import ENCODINGS

    for encoding in ENCODINGS:
        assert f"`{encoding}`" in text
    yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_every_data_set_has_a_page():
    from dsdmsr.app.prepare import prepare

    pages = {path.stem for path in (ROOT / "docs" / "data").glob("*.md")}
    assert pages == {name for name in prepare if not name.startswith("-")}
    for page in sorted(pages):
        text = (ROOT / "docs" / "data" / f"{page}.md").read_text(encoding="utf-8")
        assert f"dsdmsr prepare {page} " in text
        for part in ("- **Where**", "- **Terms**"):
            assert part in text or page == "folder"
        for link in re.findall(r"\]\(((?!http)[^)]+)\)", text):
            assert (ROOT / "docs" / "data" / link.partition("#")[0]).exists(), link
