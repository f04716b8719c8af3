"""The HTML files of `dsdmsr cloud`, in a browser."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from testing.browser_page import OpenPage

import dsdmsr
from dsdmsr.app.scene import scene_html
from dsdmsr.depth.geometry import STEEPEST, centred_camera, point_cloud

BACKGROUND = (35, 38, 43)
STILL = {"viewport": {"width": 900, "height": 700}, "reduced_motion": "reduce"}


@pytest.fixture
def open_scene(browser: Any, tmp_path: Path) -> Any:
    """Opens scenes in tabs of their own; none of them asks for anything or complains."""
    opened = []

    def open_one(*scene: Any, steepest: float | None = None, **tab: Any) -> OpenPage:
        path = tmp_path / f"{len(opened)}.html"
        path.write_text(scene_html("a depth map", *scene, steepest=steepest), encoding="utf-8")
        page = OpenPage(browser.new_page(**{**STILL, **tab}), path.as_uri())
        opened.append(page)
        page.tab.locator("#summary", has_text="points").wait_for()
        return page

    yield open_one
    for page in opened:
        page.check_quiet()
        page.tab.close()


def seen(page: OpenPage) -> np.ndarray:
    """Return what the canvas looks like, H×W×3, the ruler left out."""
    page.tab.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    page.tab.evaluate("document.getElementById('ruler').style.visibility = 'hidden'")
    shot = page.tab.locator("#space-canvas").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)


def drawn(picture: np.ndarray) -> np.ndarray:
    """Return where something is drawn; the rounded corners left out."""
    inside = np.zeros(picture.shape[:2], bool)
    inside[10:-10, 10:-10] = True
    return inside & (np.abs(picture - BACKGROUND).max(axis=2) > 6)


def changed(one: np.ndarray, other: np.ndarray) -> float:
    return float((one != other).any(axis=2).mean())


@pytest.fixture(scope="module")
def sample() -> tuple[dsdmsr.DepthMap, dsdmsr.Intrinsics]:
    depth = dsdmsr.sample()[0]
    return depth, centred_camera(0.9, depth.shape)


def test_surface_and_points_are_drawn_and_turn(open_scene, sample):
    page = open_scene(*sample, steepest=STEEPEST)
    vertices, faces = point_cloud(*sample, mesh=True)
    summary = page.tab.locator("#summary").inner_text()
    assert summary.startswith(f"{len(vertices):,} points · {len(faces):,} triangles · ")
    assert summary.endswith(" m from the camera · field of view 58°")
    canvas = page.tab.locator("#space-canvas")
    views = [seen(page)]
    canvas.press("ArrowRight")
    views.append(seen(page))
    page.tab.select_option("#space-form", "points")
    views.append(seen(page))
    box = canvas.bounding_box()
    page.tab.mouse.move(box["x"] + 300, box["y"] + 200)
    page.tab.mouse.down()
    page.tab.mouse.move(box["x"] + 360, box["y"] + 220, steps=3)
    page.tab.mouse.up()
    views.append(seen(page))
    for view in views:
        assert 0.1 < drawn(view).mean() < 0.9
        assert len(np.unique(view[drawn(view)], axis=0)) > 100
    for one, other in itertools.pairwise(views):
        assert changed(one, other) > 0.05
    page.tab.get_by_role("button", name="Reset").click()
    page.tab.select_option("#space-form", "surface")
    assert changed(views[0], seen(page)) < 0.001
    page.tab.get_by_role("button", name="Move away").click()
    away = drawn(seen(page)).sum()
    page.tab.mouse.move(box["x"] + 300, box["y"] + 200)
    page.tab.mouse.wheel(0, -400)
    page.tab.wait_for_timeout(300)
    assert drawn(seen(page)).sum() > 1.2 * away


def test_a_picture_is_the_right_way_round_in_its_own_colours(open_scene):
    corners = {
        "red": (230, 20, 30),
        "green": (20, 220, 40),
        "blue": (30, 40, 240),
        "grey": (200,) * 3,
    }
    picture = np.zeros((80, 100, 3), np.uint8)
    for colour, part in zip(corners.values(), np.ndindex(2, 2), strict=True):
        picture[40 * part[0] : 40 * part[0] + 40, 50 * part[1] : 50 * part[1] + 50] = colour
    depth = dsdmsr.DepthMap(np.full((80, 100), 2, np.float32), unit=None)
    # The middle of a cropped map is not on the optical axis.
    page = open_scene(depth, dsdmsr.Intrinsics(fx=100, fy=100, cx=450, cy=39.5), picture)
    view = seen(page)
    middles = {}
    for name, colour in corners.items():
        found = np.argwhere((view == colour).all(axis=2))
        assert len(found) > 500, name
        middles[name] = found.mean(axis=0)
    assert middles["red"][0] < middles["blue"][0] - 50
    assert middles["green"][0] < middles["grey"][0] - 50
    assert middles["red"][1] < middles["green"][1] - 50
    assert middles["blue"][1] < middles["grey"][1] - 50
    assert page.tab.locator("#scale-bar canvas").count() == 0
    assert page.tab.locator("#form-field").is_hidden()
    summary = page.tab.locator("#summary").inner_text()
    assert summary.startswith("8,000 points · 2 (unit unknown) from the camera")


def test_distances_are_unpacked_exactly_and_the_ruler_has_their_unit(open_scene, rng):
    values = rng.uniform(1, 2, (60, 80)).astype(np.float32)
    values[0, 0], values[-1, -1] = 0.0078125, 1234.5
    valid = rng.random((60, 80)) > 0.1
    valid[0, 0] = valid[-1, -1] = True
    depth = dsdmsr.DepthMap(values, valid, unit="m")
    page = open_scene(depth, dsdmsr.Intrinsics(fx=80, fy=80, cx=39.5, cy=29.5))
    summary = page.tab.locator("#summary").inner_text()
    assert summary.startswith(f"{valid.sum():,} points · 0.007813 to 1235 m")
    # Pixels of a length at the middle: their median, 1.35 away, at half an angle of 30/80.
    ruler = page.tab.locator("#ruler-bar").bounding_box()["width"]
    height = page.tab.locator("#space-canvas").bounding_box()["height"]
    text = page.tab.locator("#ruler-text").inner_text()
    assert text.endswith(" m")
    metres = ruler * 1.35 * (30 / 80) / (height / 2) * np.median(values[valid])
    assert float(text.removesuffix(" m")) == pytest.approx(metres, rel=0.02)


@pytest.mark.slow
def test_it_turns_by_itself_until_it_is_touched(open_scene, sample):
    page = open_scene(*sample, reduced_motion="no-preference")
    button = page.tab.get_by_role("button", name="Turn")
    assert button.get_attribute("aria-pressed") == "true"
    first = seen(page)
    page.tab.wait_for_timeout(500)
    assert changed(first, seen(page)) > 0.02
    page.tab.locator("#space-canvas").press("ArrowUp")
    assert button.get_attribute("aria-pressed") == "false"
    first = seen(page)
    page.tab.wait_for_timeout(300)
    assert changed(first, seen(page)) == 0


@pytest.mark.slow
def test_one_finger_turns_and_two_zoom(open_scene, sample):
    page = open_scene(*sample, has_touch=True)
    box = page.tab.locator("#space-canvas").bounding_box()
    touch = _touches(page, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    views = [seen(page)]
    touch("touchStart", 0)
    touch("touchMove", 60)
    touch("touchEnd")
    views.append(seen(page))
    assert changed(*views) > 0.05
    touch("touchStart", -150, 150)
    touch("touchMove", -75, 75)
    touch("touchEnd")
    views.append(seen(page))
    assert drawn(views[2]).sum() < 0.5 * drawn(views[1]).sum()


def _touches(page: OpenPage, x: float, y: float) -> Callable[..., None]:
    """Return a function that puts fingers so many pixels to the right of a place."""
    session = page.tab.context.new_cdp_session(page.tab)

    def touch(kind: str, *right: float) -> None:
        fingers = [{"x": x + each, "y": y, "id": k} for k, each in enumerate(right)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    return touch


def test_without_webgl_it_says_so(browser, sample, tmp_path):
    path = tmp_path / "a.html"
    path.write_text(scene_html("a depth map", *sample), encoding="utf-8")
    tab = browser.new_page(**STILL)
    tab.add_init_script("HTMLCanvasElement.prototype.getContext = () => null")
    page = OpenPage(tab, path.as_uri())
    tab.get_by_text("This browser has no WebGL 2").wait_for()
    page.check_quiet()
    tab.close()


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 1280])
def test_it_fits_its_width_and_is_accessible(open_scene, sample, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    size = {"width": width, "height": 700}
    scheme = "dark" if width == 320 else "light"
    page = open_scene(*sample, steepest=STEEPEST, viewport=size, color_scheme=scheme)
    page.tab.get_by_text("Licences of the code").click()
    page.tab.locator("pre", has_text="Apache License").wait_for()
    assert page.tab.evaluate("document.documentElement.scrollWidth") <= width
    found = axe.Axe().run(page.tab).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
