from __future__ import annotations

import dataclasses
import re
import shutil
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from testing.evaluations import ZEROS, three_scenes

from dsdmsr.errors import DependencyError
from dsdmsr.evaluation import templating
from dsdmsr.evaluation.cases import cases
from dsdmsr.evaluation.crops import error_crop
from dsdmsr.evaluation.ground_truth import own_ground_truth
from dsdmsr.evaluation.means import protocol_results, results
from dsdmsr.evaluation.measure import measure_case
from dsdmsr.evaluation.methods import BASELINES
from dsdmsr.evaluation.page import page
from dsdmsr.evaluation.protocols import PROTOCOLS


class _Checker(HTMLParser):
    """Collects what a page asks for, and whether its tags close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.asked: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.asked += [v for k, v in attrs if k in ("src", "href", "srcset", "data", "action")]
        if tag not in ("meta", "link", "img", "line", "rect", "polyline", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.asked += [v for k, v in attrs if k in ("src", "href", "xlink:href")]

    def handle_endtag(self, tag):
        if tag in ("line", "rect", "polyline"):
            return
        assert self.open.pop() == tag


@pytest.fixture
def example_page(tmp_path, rng) -> str:
    from PIL import Image

    y, x = np.mgrid[0:128, 0:160]
    truth = (40 + x // 4 + 90 * (x + y > 150)).astype(np.uint8)
    truth[:10, :10] = 0
    Image.fromarray(truth).save(tmp_path / "a<b.png")
    (file,) = own_ground_truth([tmp_path / "a<b.png"])
    methods = {name: BASELINES[name] for name in ("nearest", "bicubic")}
    measurements, crops = [], []
    for case in cases(PROTOCOLS["a"], file, (4, 8)):
        of_case = measure_case(PROTOCOLS["a"], case, methods)
        measurements += of_case.measurements
        crops.append(error_crop(case, of_case.preds))
    protocol = protocol_results(PROTOCOLS["a"], [*measurements, *three_scenes()])
    return page(results([dataclasses.replace(protocol, crops=tuple(crops))], [ZEROS]))


def test_the_page_is_whole_and_asks_nothing_of_anyone(example_page):
    checker = _Checker()
    checker.feed(example_page)
    assert checker.open == []
    assert checker.asked
    assert all(asked.startswith(("data:", "#")) for asked in checker.asked)
    assert not re.search(r"url\(|@import|<script", example_page)
    assert "a<b" not in example_page
    assert "a&lt;b" in example_page
    assert "Their terms may not allow" in example_page
    assert len(example_page.encode()) < 8e6


@pytest.mark.slow
@pytest.mark.parametrize("width", [375, 1280])
def test_the_page_is_accessible_in_a_browser_and_fits_its_width(tmp_path, example_page, width):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no chromium")
    api = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    (tmp_path / "page.html").write_text(example_page, encoding="utf-8")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    asked: list[str] = []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        opened = browser.new_page(viewport={"width": width, "height": 800})
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto((tmp_path / "page.html").as_uri())
        opened.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        found = axe.Axe().run(opened).response["violations"]
        browser.close()
    assert [violation["id"] for violation in found] == []
    assert all(url.startswith(("file:", "data:")) for url in asked)


def test_a_missing_jinja2_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    templating.environment.cache_clear()
    with pytest.raises(DependencyError, match=r"pip install .*\[evaluate\]'"):
        page(results([], []))
