from __future__ import annotations

import dataclasses
import json
import re
import shutil
import sys
from html.parser import HTMLParser

import numpy as np
import pytest

from dsdmsr.errors import ConfigError
from dsdmsr.evaluation import templating
from dsdmsr.evaluation.cases import cases
from dsdmsr.evaluation.charts import bars, profiles
from dsdmsr.evaluation.crops import error_crop
from dsdmsr.evaluation.ground_truth import OWN, own_ground_truth
from dsdmsr.evaluation.means import bootstrap, protocol_results, results, weights_of
from dsdmsr.evaluation.measure import Measurement, measure_case
from dsdmsr.evaluation.methods import BASELINES
from dsdmsr.evaluation.metrics import METRICS
from dsdmsr.evaluation.page import page
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.evaluation.records import ModelWeights
from dsdmsr.evaluation.report import TableRow, markdown, table_rows
from dsdmsr.evaluation.results import Results

ZEROS = ModelWeights(name="tiny", sha256="0" * 64, sha256_for_known={"bicubic": "1" * 64})


def measurement(**changes: object) -> Measurement:
    values = {
        "set": "A",
        "scene": "art",
        "scale": 2,
        "method": "tiny",
        "unit": "level",
        "metrics": {"rmse": 1.0, "mae": 0.5, "edge_rmse": float("nan")},
        "profile": ((4.0, 1), (0.0, 3)),
    }
    return Measurement(**{**values, **changes})  # type: ignore[arg-type]


def three_scenes() -> list[Measurement]:
    return [
        measurement(
            scene=scene,
            method=method,
            scale=scale,
            metrics={
                **dict.fromkeys([name for name in METRICS if name != "ssim"], 0.5),
                "rmse": rmse * k,
            },
            left=((1.0, 1.0), (0.4, 0.1)) if method == "tiny" else (),
        )
        for scale in (2, 4)
        for k, scene in enumerate(("art", "books", "moebius"), start=1)
        for method, rmse in (("bicubic", 2.0), ("tiny", 0.3))
    ]


def test_a_results_file_says_what_made_it(tmp_path, tiny_model):
    one = protocol_results(PROTOCOLS["a"], [measurement()])
    results([one], [weights_of("tiny", tiny_model, {})]).write(tmp_path / "r.json")
    read = json.loads((tmp_path / "r.json").read_text())
    assert read["schema"] == 3
    assert {"date", "commit", "machine", "version"} <= read.keys()
    assert len(read["models"][0]["sha256"]) == 64
    (measured,) = read["protocols"]
    assert (measured["letter"], measured["degradation"], measured["metric"]) == (
        "a",
        "bicubic",
        "rmse",
    )
    assert measured["scores"][0]["edge_rmse"] is None
    assert measured["means"][0]["profile"] == [2.0, 0.0]
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]


def test_means_stand_beside_the_published_ones():
    protocol = protocol_results(PROTOCOLS["a"], three_scenes())
    found = {row.method: row for row in table_rows(protocol)}
    assert found["tiny"].values == {2: pytest.approx(0.6), 4: pytest.approx(0.6)}
    assert found["MSG-Net"].values[2] == pytest.approx((0.662 + 0.373 + 0.357) / 3, abs=1e-3)
    assert found["MSG-Net"].sees == "depth and colour"
    assert "measured outside this repository" in found["MS-Net"].source
    # What was measured here is not shown twice.
    assert found["bicubic"].source == "this run"
    scenes = [row for row in table_rows(protocol, scenes=True) if row.scene == "art"]
    assert {"tiny", "bicubic", "MS-Net", "MSG-Net"} <= {row.method for row in scenes}
    # A published mean over other scenes than those measured is not shown.
    two = [one for one in three_scenes() if one.scene != "art"]
    rows = table_rows(protocol_results(PROTOCOLS["a"], two))
    assert {row.method for row in rows} == {"bicubic", "tiny"}


def test_two_frames_of_nyu_never_stand_beside_published_means():
    one = measurement(set="nyu, 2 frames", scene="1001", scale=4, unit="cm")
    protocol = protocol_results(PROTOCOLS["d"], [one])
    assert [row.method for row in table_rows(protocol)] == ["tiny"]
    assert protocol.published == ()


def test_markdown_has_every_mean(tiny_model):
    text = markdown(results([protocol_results(PROTOCOLS["a"], three_scenes())], [ZEROS]))
    assert "| A | tiny | depth | this run | 0.600 | 0.600 |" in text
    assert "## Protocol (a): noise-free Middlebury" in text
    assert "tiny has weights 000000000000 (bicubic: 111111111111)." in text


def test_own_sets_of_twenty_maps_get_intervals(rng):
    def own(count: int) -> tuple[Results, list[float]]:
        measurements = [
            measurement(set=OWN, scene=str(k), metrics={"rmse": float(value)})
            for k, value in enumerate(rng.normal(5, 1, count))
        ]
        made = results([protocol_results(PROTOCOLS["a"], measurements)], [])
        return made, [one.metrics["rmse"] for one in measurements]

    twenty, values = own(20)
    intervals = twenty.protocols[0].means[0].interval_95
    assert intervals is not None
    low, high = intervals["rmse"]
    error = np.std(values, ddof=1) / np.sqrt(20)
    assert low == pytest.approx(np.mean(values) - 1.96 * error, abs=0.15)
    assert high == pytest.approx(np.mean(values) + 1.96 * error, abs=0.15)
    assert "95 % bootstrap intervals" in markdown(twenty)
    assert "95 % bootstrap intervals" in page(twenty)
    assert Results.from_plain(twenty.to_plain()) == twenty
    nineteen, _ = own(19)
    assert nineteen.protocols[0].means[0].interval_95 is None


def test_bootstrap_covers_the_true_mean_as_often_as_it_says(rng):
    hits = 0
    for _ in range(300):
        low, high = bootstrap(rng.normal(0, 1, 40))
        hits += low <= 0 <= high
    assert 0.89 < hits / 300 < 0.99


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
def made_page(tmp_path, rng) -> str:
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


def test_the_page_is_whole_and_asks_nothing_of_anyone(made_page):
    checker = _Checker()
    checker.feed(made_page)
    assert checker.open == []
    assert checker.asked
    assert all(asked.startswith(("data:", "#")) for asked in checker.asked)
    assert not re.search(r"url\(|@import|<script", made_page)
    assert "a<b" not in made_page
    assert "a&lt;b" in made_page
    assert "Their terms may not allow" in made_page
    assert len(made_page.encode()) < 8e6


def test_a_crop_shows_the_place_where_methods_differ(tmp_path):
    from PIL import Image

    truth = np.full((256, 256), 80, np.uint8)
    truth[160:200, 170:230] = 200
    Image.fromarray(truth).save(tmp_path / "m.png")
    (file,) = own_ground_truth([tmp_path / "m.png"])
    (case,) = cases(PROTOCOLS["a"], file, (4,))
    methods = {name: BASELINES[name] for name in ("nearest", "bicubic")}
    crop = error_crop(case, measure_case(PROTOCOLS["a"], case, methods).preds)
    assert crop.top <= 160 <= crop.top + 96
    assert crop.left <= 230 <= crop.left + 96
    assert crop.span == (80, 200)
    assert [p.title for p in crop.pictures] == ["input", "ground truth", "nearest", "bicubic"]
    assert all(p.error for p in crop.pictures[2:])


def test_charts_show_every_method_and_say_it_in_words():
    def row(method: str, value: float | None, sees: str = "depth") -> TableRow:
        return TableRow(
            set="A", scene="mean", method=method, sees=sees, source="", values={4: value}
        )

    chart = bars(
        [row("b", 2.0), row("a<", 1.0), row("c", 1.5, "depth and colour"), row("d", None)],
        4,
        highlight={"a<"},
        what="Mean",
    )
    assert chart.count("<rect") == 3
    assert 'aria-label="Mean at ×4, best first: a&lt; 1.000, c 1.500, b 2.000"' in chart
    assert chart.count('class="ours"') == chart.count('class="colour"') == 1
    curves = profiles({"a": [4.0, 2.0, None, 0.5], "b": [3.0, 1.0]}, what="RMSE", order=["b", "a"])
    assert curves.count("<polyline") == 2
    assert profiles({"a": [None, None]}, what="RMSE", order=["a"]) == ""


@pytest.mark.slow
@pytest.mark.parametrize("width", [375, 1280])
def test_the_page_is_accessible_in_a_browser_and_fits_its_width(tmp_path, made_page, width):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no chromium")
    api = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    (tmp_path / "page.html").write_text(made_page, encoding="utf-8")
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
    templating._environment.cache_clear()
    with pytest.raises(ConfigError, match=r"pip install 'dsdmsr\[evaluate\]'"):
        page(results([], []))
