from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest

from dsdmsr._provenance import write_json
from dsdmsr.evaluation.charts import bars, profiles
from dsdmsr.evaluation.crops import crop
from dsdmsr.evaluation.ground_truth import OWN, own_truths
from dsdmsr.evaluation.measure import METRICS, Score, cases, evaluate
from dsdmsr.evaluation.methods import BASELINES
from dsdmsr.evaluation.page import page
from dsdmsr.evaluation.protocols import LEVELS, PROTOCOLS
from dsdmsr.evaluation.report import Line, bootstrap, lines, markdown, results, weights_of

ZEROS = {"sha256": "0" * 64, "sha256_for_known": {"bicubic": "1" * 64}}


def made_score(**changes: object) -> Score:
    values = {
        "set": "A",
        "scene": "art",
        "scale": 2,
        "method": "tiny",
        "unit": LEVELS,
        "metrics": {"rmse": 1.0, "mae": 0.5, "edge_rmse": float("nan")},
        "profile": ((4.0, 1), (0.0, 3)),
    }
    return Score(**{**values, **changes})  # type: ignore[arg-type]


def three_scenes() -> list[Score]:
    return [
        made_score(
            scene=scene,
            method=method,
            scale=scale,
            metrics={**dict.fromkeys(METRICS[:-1], 0.5), "rmse": rmse * k},
            left=((1.0, 1.0), (0.4, 0.1)) if method == "tiny" else (),
        )
        for scale in (2, 4)
        for k, scene in enumerate(("art", "books", "moebius"), start=1)
        for method, rmse in (("bicubic", 2.0), ("tiny", 0.3))
    ]


def test_a_results_file_says_what_made_it(tmp_path, tiny_model):
    content = results([(PROTOCOLS["a"], [made_score()])], {"tiny": weights_of(tiny_model, {})})
    write_json(tmp_path / "r.json", content)
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
    content = results([(PROTOCOLS["a"], three_scenes())], {"tiny": ZEROS})
    found = {line.method: line for line in lines(content["protocols"][0])}
    assert found["tiny"].values == {2: pytest.approx(0.6), 4: pytest.approx(0.6)}
    assert found["MSG-Net"].values[2] == pytest.approx((0.662 + 0.373 + 0.357) / 3, abs=1e-3)
    assert found["MSG-Net"].sees == "depth and colour"
    assert "measured outside this repository" in found["MS-Net"].source
    # What was measured here is not shown twice.
    assert found["bicubic"].source == "this run"
    scenes = [x for x in lines(content["protocols"][0], scenes=True) if x.scene == "art"]
    assert {"tiny", "bicubic", "MS-Net", "MSG-Net"} <= {line.method for line in scenes}
    # A published mean over other scenes than those measured is not shown.
    two = [score for score in three_scenes() if score.scene != "art"]
    (measured,) = results([(PROTOCOLS["a"], two)], {})["protocols"]
    assert {line.method for line in lines(measured)} == {"bicubic", "tiny"}


def test_two_frames_of_nyu_never_stand_beside_published_means():
    score = made_score(set="nyu, 2 frames", scene="1001", scale=4, unit="cm")
    (measured,) = results([(PROTOCOLS["d"], [score])], {})["protocols"]
    assert [line.method for line in lines(measured)] == ["tiny"]
    assert measured["published"] == []


def test_markdown_has_every_mean(tiny_model):
    text = markdown(results([(PROTOCOLS["a"], three_scenes())], {"tiny": ZEROS}))
    assert "| A | tiny | depth | this run | 0.600 | 0.600 |" in text
    assert "## Protocol (a): noise-free Middlebury" in text
    assert "tiny has weights 000000000000 (bicubic: 111111111111)." in text


def test_own_sets_of_twenty_maps_get_intervals(rng):
    def own(count: int) -> dict:
        scores = [
            made_score(set=OWN, scene=str(k), metrics={"rmse": float(value)})
            for k, value in enumerate(rng.normal(5, 1, count))
        ]
        content = results([(PROTOCOLS["a"], scores)], {})
        return content, [s.metrics["rmse"] for s in scores]

    content, values = own(20)
    low, high = content["protocols"][0]["means"][0]["interval_95"]["rmse"]
    error = np.std(values, ddof=1) / np.sqrt(20)
    assert low == pytest.approx(np.mean(values) - 1.96 * error, abs=0.15)
    assert high == pytest.approx(np.mean(values) + 1.96 * error, abs=0.15)
    assert "95 % bootstrap intervals" in markdown(content)
    assert "95 % bootstrap intervals" in page(content)
    content, _ = own(19)
    assert "interval_95" not in content["protocols"][0]["means"][0]


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
    (file,) = own_truths([tmp_path / "a<b.png"])
    methods = {name: BASELINES[name] for name in ("nearest", "bicubic")}
    scores, crops = [], []
    for case in cases(PROTOCOLS["a"], file, (4, 8)):
        made = evaluate(PROTOCOLS["a"], case, methods)
        scores += made.scores
        crops.append(("a", crop(case, made.preds)))
    scores += three_scenes()
    content = results([(PROTOCOLS["a"], scores)], {"tiny": ZEROS})
    return page(content, crops)


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
    (file,) = own_truths([tmp_path / "m.png"])
    (case,) = cases(PROTOCOLS["a"], file, (4,))
    methods = {name: BASELINES[name] for name in ("nearest", "bicubic")}
    made = crop(case, evaluate(PROTOCOLS["a"], case, methods).preds)
    assert made.top <= 160 <= made.top + 96
    assert made.left <= 230 <= made.left + 96
    assert made.span == (80, 200)
    assert [p.title for p in made.pictures] == ["input", "truth", "nearest", "bicubic"]
    assert all(p.error for p in made.pictures[2:])


def test_charts_show_every_method_and_say_it_in_words():
    def line(method: str, value: float | None, sees: str = "depth") -> Line:
        return Line(set="A", scene="mean", method=method, sees=sees, source="", values={4: value})

    drawn = bars(
        [line("b", 2.0), line("a<", 1.0), line("c", 1.5, "depth and colour"), line("d", None)],
        4,
        highlight={"a<"},
        what="Mean",
    )
    assert drawn.count("<rect") == 3
    assert 'aria-label="Mean at ×4, best first: a&lt; 1.000, c 1.500, b 2.000"' in drawn
    assert drawn.count('class="ours"') == drawn.count('class="colour"') == 1
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
