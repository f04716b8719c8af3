from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import dsdmsr
from dsdmsr.app.cli import main
from dsdmsr.errors import EXTRAS
from dsdmsr.io import ENCODINGS
from dsdmsr.io.realsense_camera import find_camera

ROOT = Path(__file__).resolve().parents[1]


def test_the_readme_names_what_there_is():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(((?!http)[^)]+)\)", text)
    assert links
    for link in links:
        assert (ROOT / link.partition("#")[0]).exists(), link
    assert len(text.splitlines()) <= 150
    files = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    for encoding in ENCODINGS:
        assert f"`{encoding}`" in files
    yaml.safe_load((ROOT / "CITATION.cff").read_text())


def test_the_readmes_example_runs(tmp_path, monkeypatch):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert len(code.splitlines()) <= 8
    monkeypatch.chdir(tmp_path)
    frame = np.full((24, 32), 1500, np.uint16)
    frame[:6, :6] = 0
    np.save("frame.npy", frame)
    names: dict[str, dsdmsr.DepthMap] = {}
    exec(code, names)
    upscaled = names["upscaled"]
    assert (upscaled.shape, upscaled.unit) == ((96, 128), "m")
    assert upscaled.values[upscaled.valid] == pytest.approx(1.5)
    assert not upscaled.valid[:20, :20].any()


def test_every_extra_is_documented_and_no_other_is_named():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"]) - {"dev"}
    text = (ROOT / "docs" / "backends.md").read_text(encoding="utf-8").partition("## Backends")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)) == extras
    assert set(EXTRAS.values()) <= extras


def test_the_example_of_a_whole_graph_runs(tmp_path, monkeypatch):
    text = (ROOT / "docs" / "backends.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    assert main(["export", "dsdmsr-fast", "-o", "onnx", "--whole", "4"]) == 0
    depth = dsdmsr.sample()[0].values[:40, :50]
    np.save("depth.npy", depth)
    names: dict[str, np.ndarray] = {}
    exec(code, names)
    expected = dsdmsr.Upscaler.from_pretrained("dsdmsr-fast", scale=4)(dsdmsr.DepthMap(depth))
    np.testing.assert_allclose(names["upscaled"], expected.values, rtol=0, atol=1e-4)


def test_the_examples_of_streams_run(tmp_path, monkeypatch):
    text = (ROOT / "docs" / "streams.md").read_text(encoding="utf-8")
    sensor, folder, camera = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    np.save("frame.npy", np.full((12, 16), 1500, np.uint16))
    names: dict[str, Any] = {}
    exec(sensor, names)
    assert names["frame"].depth.values.max() == 1.5
    assert names["frame"].index == 29
    dsdmsr.write_depth(Path("frames", "1.png"), dsdmsr.DepthMap([[1.0, 2.0]], unit="m"), "mm")
    exec(folder, names)
    assert (names["frame"].index, names["frame"].depth.shape) == (0, (4, 8))
    try:
        find_camera()
    except dsdmsr.DsdmsrError as none:
        with pytest.raises(type(none), match="RealSense camera"):
            exec(camera, names)


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


REPLACED = re.compile(
    r"\b(wishes|softness|untold|made|making|told|answers?|small maps?)\b", flags=re.IGNORECASE
)
"""Words of the project's youth, for which the field has its own."""
ORDINARY = ("Made by ", "The objects that piles are made of")


def test_the_field_has_its_own_words():
    files = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    files += [p for p in (ROOT / "src").rglob("*") if p.suffix in (".py", ".md", ".yaml", ".j2")]
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if not any(use in line for use in ORDINARY):
                assert not REPLACED.search(line), f"{path}:{number}: {line}"
