"""The page as people use it, in a browser."""

from __future__ import annotations

import functools
import io
import itertools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import torch
from PIL import Image
from testing.browser_page import OpenPage
from testing.command import run

import dsdmsr
from dsdmsr.metrics import mae, rmse

OURS = ("--model", "dsdmsr-fast", "--device", "cpu")


def picture(locator) -> np.ndarray:
    """Return what an element looks like, H×W×3."""
    return np.asarray(Image.open(io.BytesIO(locator.screenshot())).convert("RGB"))


def written_by_the_command(capsys, source, target, *options):
    """Return the content of what `dsdmsr upscale` writes."""
    code, _, said = run(capsys, "upscale", source, "-o", target, "--overwrite", *OURS, *options)
    assert code == 0, said
    return np.load(target) if target.suffix == ".npy" else np.asarray(Image.open(target))


def test_the_sample_becomes_a_result_without_a_request(opened, capsys, tmp_path):
    opened.use_sample()
    assert "160×120 → 640×480" in opened.tab.locator("#summary").inner_text()
    assert run(capsys, "sample", tmp_path)[0] == 0
    for label, suffix in (("NPY", "npy"), ("PNG", "png")):
        path = opened.download(label, tmp_path)
        assert path.name == f"lr_depth_x4.{suffix}"
        expected = written_by_the_command(
            capsys, tmp_path / "lr_depth.png", tmp_path / f"large.{suffix}", "--scale", 4
        )
        found = np.load(path) if suffix == "npy" else np.asarray(Image.open(path))
        assert found.dtype == expected.dtype
        # Millimetres, of values that may differ by 1e-5 of the range.
        assert np.abs(found.astype(int) - expected).max() <= 1
        assert np.mean(found != expected) < 0.01
    opened.check_quiet()


@pytest.mark.slow
def test_the_same_page_works_from_a_server_and_asks_it_nothing(browser, page_file, tmp_path):
    (tmp_path / "page.html").write_bytes(page_file.read_bytes())
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        _Quiet.paths = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        opened = OpenPage(tab, f"http://localhost:{server.server_port}/page.html")
        opened.use_sample()
        opened.check_quiet()
        tab.close()
        server.shutdown()
    assert _Quiet.paths == ["/page.html"]


class _Quiet(SimpleHTTPRequestHandler):
    paths: list[str]

    def log_message(self, *arguments):
        self.paths.append(self.path)


@pytest.mark.slow
def test_the_divider_shows_more_of_one_map_and_less_of_the_other(opened):
    opened.use_sample()
    tab, stage = opened.tab, opened.tab.locator("#layers")
    half = picture(stage)
    slider = tab.get_by_role("slider", name="Divider")
    box = stage.bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    tab.mouse.down()
    tab.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 20, steps=4)
    tab.mouse.up()
    assert 88 <= int(slider.get_attribute("aria-valuenow")) <= 92
    moved = picture(stage)
    between = np.s_[:, int(half.shape[1] * 0.54) : int(half.shape[1] * 0.86)]
    assert (half[between] != moved[between]).any(axis=2).mean() > 0.02
    left = np.s_[:, : int(half.shape[1] * 0.4)]
    assert (half[left] != moved[left]).any(axis=2).mean() < 0.02
    slider.press("Home")
    ours = tab.evaluate("getComputedStyle(document.getElementById('canvas-after')).clipPath")
    assert ours == "inset(0px 0px 0px 0%)"


@pytest.mark.slow
def test_the_cursor_tells_values_neighbours_and_expected_error(opened, tmp_path):
    opened.use_sample()
    path = opened.download("NPY", tmp_path)
    values = np.load(path) / 1000
    tab, stage = opened.tab, opened.tab.locator("#layers")
    zoom = stage.bounding_box()["width"] / 640
    stage.hover(position={"x": 100.5 * zoom, "y": 50.5 * zoom})
    told = tab.locator("#readout").inner_text()
    assert "pixel 100, 50; of the input 25, 12" in told
    assert "expected error" in told
    shown = [float(text) for text in tab.locator("#readout .neighbours td").all_inner_texts()]
    around = values[49:52, 99:102].ravel()
    np.testing.assert_allclose(shown, around, atol=0.0011)


@pytest.mark.slow
def test_a_line_is_drawn_and_its_profile_follows(opened):
    opened.use_sample()
    tab, stage = opened.tab, opened.tab.locator("#layers")
    before = tab.locator("#profile path.ours").get_attribute("d")
    box = stage.bounding_box()
    zoom = box["width"] / 640
    tab.mouse.move(box["x"] + 40.5 * zoom, box["y"] + 60.5 * zoom)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 240.5 * zoom, box["y"] + 160.5 * zoom, steps=5)
    tab.mouse.up()
    assert (
        tab.locator("#profile svg")
        .get_attribute("aria-label")
        .startswith("Profile from 40, 60 to 240, 160: input from")
    )
    after = tab.locator("#profile path.ours").get_attribute("d")
    assert after != before
    assert after.count("L") == 200
    for name in ("input", "bicubic", "ours"):
        assert tab.locator(f"#profile path.{name}").count() == 1
    chart = picture(tab.locator("#profile svg"))
    blue = (np.abs(chart.astype(int) - (31, 95, 168)).max(axis=2) < 12).sum()
    orange = (np.abs(chart.astype(int) - (178, 86, 13)).max(axis=2) < 12).sum()
    assert blue > 200
    assert orange > 50


@pytest.mark.slow
def test_the_surface_is_drawn_and_turns(opened):
    opened.use_sample()
    tab = opened.tab
    tab.get_by_role("tab", name="3-D").click()
    canvas = tab.locator("#space-canvas")
    views = [picture(canvas)]
    canvas.press("ArrowRight")
    views.append(picture(canvas))
    tab.select_option("#space-form", "points")
    views.append(picture(canvas))
    tab.select_option("#space-map", "input")
    views.append(picture(canvas))
    background = (35, 38, 43)
    for view in views:
        drawn = np.abs(view.astype(int) - background).max(axis=2) > 6
        assert 0.15 < drawn.mean() < 0.9
        assert len(np.unique(view[drawn], axis=0)) > 100
    for one, other in itertools.pairwise(views):
        assert (one != other).any(axis=2).mean() > 0.05
    assert "Camera assumed: 60° wide" in tab.locator("#space-hint").inner_text()
    opened.check_quiet()


@pytest.mark.slow
def test_points_are_those_of_dsdmsr_cloud(opened, capsys, tmp_path):
    run(capsys, "sample", tmp_path)
    opened.use_sample()
    tab = opened.tab
    tab.get_by_role("tab", name="3-D").click()
    tab.get_by_text("Camera of the input").click()
    for name, value in (("fx", 150), ("fy", 151), ("cx", 80), ("cy", 60)):
        tab.fill(f"#{name}", str(value))
    path = opened.download("PLY points", tmp_path)
    large = opened.download("NPY", tmp_path)
    camera = ("--intrinsics", "150,151,80,60", "--scale", 4, "--encoding", "mm")
    assert run(capsys, "cloud", large, "-o", tmp_path / "b.ply", *camera)[0] == 0
    clouds = []
    for file in (path, tmp_path / "b.ply"):
        head, _, body = file.read_bytes().partition(b"end_header\n")
        assert b"element vertex 307200" in head
        clouds.append(np.frombuffer(body, "<f4").reshape(-1, 3))
    # The file of the command is rounded to millimetres.
    np.testing.assert_allclose(clouds[0], clouds[1], atol=0.0006)


@pytest.mark.slow
def test_accuracy_is_measured_against_the_truth(opened):
    tab = opened.tab
    tab.get_by_text("Test accuracy").click()
    opened.use_sample()
    rows = tab.locator("#metrics tbody tr").all_inner_texts()
    told = {row.split("\t")[0]: row.split("\t")[1:] for row in rows}
    truth = dsdmsr.sample()[1]
    target = torch.from_numpy(truth.values.copy())[None, None]
    valid = torch.ones_like(target, dtype=torch.bool)
    lr_depth, _ = dsdmsr.degrade(target, 4)
    low = dsdmsr.DepthMap(lr_depth[0, 0].numpy(), unit="m")
    pred = dsdmsr.Upscaler.from_pretrained("dsdmsr-fast", scale=4)(low)
    tensor = torch.from_numpy(pred.values.copy())[None, None]
    for name, metric in (("RMSE", rmse), ("MAE (MAD)", mae)):
        expected = float(metric(tensor, target, valid))
        assert float(told[name][1].split()[0]) == pytest.approx(expected, rel=6e-3)
        assert float(told[name][0].split()[0]) > expected
    for name in ("error-bicubic", "error-ours"):
        assert len(np.unique(picture(tab.locator(f"#{name}")).reshape(-1, 3), axis=0)) > 50
    tab.select_option("#quantity", "error")
    assert "absolute error in metres" in tab.locator("#scale-bar").inner_text()
    tab.get_by_role("tab", name="3-D").click()
    assert "Camera assumed: 60° wide" in tab.locator("#space-hint").inner_text()
    opened.check_quiet()


@pytest.mark.slow
def test_work_can_be_cancelled_and_begun_again(opened, tmp_path, rng):
    y, x = np.mgrid[:400, :500]
    depth = 1 + x / 500 + (np.hypot(y - 200, x - 250) < 120)
    np.save(tmp_path / "large.npy", depth.astype(np.float32))
    opened.choose(tmp_path / "large.npy")
    tab = opened.tab
    tab.select_option("#scale", "16")
    # The limit is said before any work.
    assert "megapixels" in tab.locator("#size").inner_text()
    assert tab.locator("#run").is_disabled()
    tab.select_option("#scale", "4")
    tab.click("#run")
    tab.get_by_text("Upscaling,").wait_for()
    tab.get_by_role("button", name="Cancel").click()
    tab.locator("#progress").wait_for(state="hidden")
    assert opened.said() == ""
    assert "not upscaled yet" in tab.locator("#summary").inner_text()
    opened.use_sample()
    opened.check_quiet()


@pytest.mark.slow
def test_the_keyboard_alone_does(opened):
    tab = opened.tab
    focused = "document.activeElement.id || document.activeElement.textContent"

    def tab_to(wanted: str) -> None:
        for _ in range(60):
            tab.keyboard.press("Tab")
            if tab.evaluate(focused) == wanted:
                outline = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                after = "getComputedStyle(document.activeElement, '::after').outlineStyle"
                assert "solid" in (outline, tab.evaluate(after)), wanted
                return
        raise AssertionError(f"{wanted} is not reached by the Tab key")

    tab_to("sample")
    tab.keyboard.press("Enter")
    opened.wait_for_result(4)
    tab_to("tab-compare")
    tab_to("stage")
    before = tab.locator("#readout").inner_text()
    tab.keyboard.press("Shift+ArrowRight")
    tab.keyboard.press("ArrowDown")
    assert tab.locator("#readout").inner_text() != before
    tab.keyboard.press("s")
    tab.keyboard.press("+")
    assert tab.locator("#layers").bounding_box()["width"] > 1000
    tab_to("slider")
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#slider").get_attribute("aria-valuenow") == "51"
    tab_to("line-start")
    tab.keyboard.press("ArrowUp")
    assert "Profile from" in tab.locator("#profile svg").get_attribute("aria-label")
    tab.locator("#tab-compare").focus()
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#space").is_visible()


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_the_page_fits_its_width_and_is_accessible(browser, page_file, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    dark = "dark" if width in (375, 1280) else "light"
    tab = browser.new_page(
        viewport={"width": width, "height": 800}, color_scheme=dark, reduced_motion="reduce"
    )
    opened = OpenPage(tab, page_file.as_uri())
    found = [axe.Axe().run(tab).response["violations"]]
    tab.get_by_text("Test accuracy").click()
    opened.use_sample()
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    tab.locator("#licences-text", has_text="Apache").wait_for()
    for view in ("Compare", "3-D"):
        tab.get_by_role("tab", name=view).click()
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        found.append(axe.Axe().run(tab).response["violations"])
    tab.close()
    assert [(each["id"], each["nodes"][0]["html"]) for one in found for each in one] == []
