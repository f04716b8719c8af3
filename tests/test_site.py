from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import dsdmsr
from docs.site.generated import house, mark_options, parts
from docs.site.pages import write_pages
from dsdmsr.app.cli import COMMANDS, main

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
FROM_START = {
    "how to upscale a RealSense frame": "for-sensors.html#a-realsense-frame",
    "what to do with a Depth Anything PNG": "for-pictures.html#a-depth-anything-png",
    "how good it is": "accuracy.html",
    "how fast it is": "speed.html",
    "which licence the weights have": "which-network.html#licence",
}
"""What the start page has to lead to."""
WALKED = ("start", "for-sensors", "for-pictures", "for-research", "method")
"""Pages whose blocks run one after the other."""
NOT_HERE = ("realsense", "recording.bag", "photo.jpg")
"""What commands need that isn't there."""


class Links(HTMLParser):
    """The links of a page with their texts, its anchors, and what it loads."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: dict[str, str] = {}
        self.anchors: set[str] = set()
        self.loaded: list[str] = []
        self._href: str | None = None
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors.add(given.get("id") or "")
        if tag == "a":
            self._href = given.get("href")
        elif tag == "link" or "src" in given:
            self.loaded.append(given.get("src") or given.get("href") or "")

    def handle_data(self, data: str) -> None:
        if self._href:
            self.links[" ".join(data.split())] = self._href

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = None


@pytest.mark.slow
def test_the_start_page_leads_on_fits_its_width_and_loads_nothing_from_elsewhere(tmp_path):
    pytest.importorskip("furo")
    # In a process of its own: what Sphinx warns itself of is no error of ours.
    subprocess.run([sys.executable, "-m", "docs.site", str(tmp_path)], cwd=ROOT, check=True)
    site = tmp_path / "html"
    start = Links(site / "index.html")
    for text, link in FROM_START.items():
        assert start.links[text] == link
        page, _, anchor = link.partition("#")
        assert anchor in Links(site / page).anchors | {""}
    for page in site.rglob("*.html"):
        assert not [each for each in Links(page).loaded if "//" in each], page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?https?:|@import", sheet.read_text()), sheet
    look_at(site / "index.html")


def look_at(page: Path) -> None:
    """Check a page in the browser, on phones and desks, by day and by night."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no chromium")
    api = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    asked: list[str] = []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        for width, scheme in product((375, 1280), ("light", "dark")):
            size = {"width": width, "height": 800}
            opened = browser.new_page(viewport=size, color_scheme=scheme)
            opened.on("request", lambda request: asked.append(request.url))
            opened.goto(page.as_uri())
            assert opened.evaluate("document.documentElement.scrollWidth") <= width
            # Without preload, which a browser refuses for files.
            found = axe.Axe().run(opened, options={"preload": False}).response["violations"]
            assert [violation["id"] for violation in found] == []
            opened.close()
        browser.close()
    assert all(url.startswith(("file:", "data:")) for url in asked)


@pytest.mark.parametrize(
    "text", ["[nowhere](nowhere.md)", "[no file](../src/none.py)", "[no heading](index.md#none)"]
)
def test_a_link_that_leads_nowhere_is_an_error(tmp_path, text):
    pytest.importorskip("myst_parser")
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "index.md").write_text(f"# Start\n\n{text}\n")
    write_pages(tmp_path, tmp_path / "pages", {})
    settings = ["-q", "-W", "-C", "-D", "extensions=myst_parser", "-D", "myst_heading_anchors=4"]
    folders = [tmp_path / "pages", tmp_path / "html"]
    command = [sys.executable, "-m", "sphinx", *settings, *folders]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode != 0
    assert "index.md:3: WARNING" in done.stderr


def test_links_out_of_docs_become_pages(tmp_path):
    files = {
        "docs/page.md": "[a](../src/a.py) [read](../README.md#top) [b](b.md) `x[0](../src/z.py)`",
        "docs/b.md": "![picture](c.png) [notebook](../d.ipynb)",
        "d.ipynb": '{"cells": [{"cell_type": "markdown", "source": ["# D\\n", "[a](src/a.py)"]},'
        ' {"cell_type": "code", "source": ["d = 1"]}]}',
        "docs/c.png": "picture",
        "docs/unused.png": "picture",
        "src/a.py": "a = '```'",
        "README.md": "# Top\n\n[page](docs/page.md) [a](src/a.py)",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "earlier.md").touch()
    write_pages(tmp_path, pages, {})
    written = {path.relative_to(pages).as_posix() for path in pages.rglob("*") if path.is_file()}
    repository = {"README.md", "d.ipynb.md", "src/a.py.md"}
    assert written == {"page.md", "b.md", "c.png"} | {f"repository/{name}" for name in repository}
    assert (pages / "repository/d.ipynb.md").read_text() == (
        "---\norphan: true\n---\n# D\n[a](src/a.py.md)\n\n```python\nd = 1\n```"
    )
    assert (pages / "page.md").read_text() == (
        "[a](repository/src/a.py.md) [read](repository/README.md#top) [b](b.md) `x[0](../src/z.py)`"
    )
    assert "[page](../page.md) [a](src/a.py.md)" in (pages / "repository/README.md").read_text()
    assert "````python\na = '```'\n````" in (pages / "repository/src/a.py.md").read_text()


def test_pages_show_all_commands_public_names_and_rooms():
    generated = parts(ROOT)
    for command in COMMANDS:
        assert f"\n## dsdmsr {command}\n" in f"\n{generated['commands']}"
    api = (DOCS / "api.md").read_text(encoding="utf-8")
    for name in dsdmsr.__all__:
        assert f":: dsdmsr.{name}\n" in api or name in ("DsdmsrError", "__version__")
    rooms = re.findall(r'class="room[^"]*"><code>(\w+)', generated["house"])
    package = ROOT / "src" / "dsdmsr"
    assert set(rooms) == {
        path.stem for path in package.iterdir() if path.suffix == ".py" or path.is_dir()
    } - {"__init__", "__main__", "__pycache__"}
    assert rooms.index("app") < rooms.index("upscaling") < rooms.index("depth")
    assert 'class="room light"><code>io</code>' in house(ROOT)


def test_every_generated_part_has_a_place():
    text = "".join(path.read_text(encoding="utf-8") for path in DOCS.glob("*.md"))
    assert set(re.findall(r"<!-- generated: (.*) -->", text)) == set(parts(ROOT))


def test_options_are_code_and_dashes_are_not():
    assert mark_options("`--fill`: see --fill-all - or `a --b`") == (
        "`--fill`: see `--fill-all` - or `a --b`"
    )


@pytest.fixture
def files(tmp_path, monkeypatch) -> Path:
    """A folder with the files that pages speak of, in which commands run."""
    monkeypatch.chdir(tmp_path)
    frame = np.full((12, 16), 1500, np.uint16)
    frame[:3, :3] = 0
    frame[5:, 5:] = 3000
    depth = dsdmsr.DepthMap.from_array(frame, "mm")
    np.save("frame.npy", frame)
    np.save("prediction.npy", np.float32(1) / (1 + frame / 1000).astype(np.float32))
    for name in ("frame.png", "frames/1.png"):
        dsdmsr.write_depth(Path(name), depth, "mm")
    relative = dsdmsr.DepthMap(np.where(frame, 4500 // frame.clip(1), 0), kind="inverse_depth")
    dsdmsr.write_depth(Path("depth.png"), relative, "relative")
    dsdmsr.write_depth(Path("depth16.png"), relative, "relative16")
    dsdmsr.write_depth(Path("render.exr"), depth, "metres")
    return tmp_path


@pytest.mark.parametrize("name", WALKED)
def test_what_pages_show_runs(files, name):
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(python|sh)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    assert "python" in dict(blocks)
    for language, block in blocks:
        if language == "python":
            exec(block, {})
            continue
        for line in block.splitlines():
            command = line.partition("  #")[0].split()
            if command[0] == "dsdmsr" and not any(each in line for each in NOT_HERE):
                assert main(command[1:]) == 0, line
