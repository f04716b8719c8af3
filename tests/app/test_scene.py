"""The HTML files of `dsdmsr cloud`, looked at without a browser."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from testing.command import refused, run
from testing.html_parts import HtmlParts

import dsdmsr
from dsdmsr.app.scene import MOST_PIXELS, scene_html
from dsdmsr.depth.geometry import point_cloud, points
from dsdmsr.errors import DepthError
from dsdmsr.pictures.value_scale import ValueScale

CAMERA = dsdmsr.Intrinsics(fx=10, fy=11, cx=3.5, cy=2)
GIVEN = ("--intrinsics", "10,11,3.5,2")


def written(capsys, tmp_path, *arguments: object) -> HtmlParts:
    """Return what the command writes."""
    target = tmp_path / "scene.html"
    code, _, said = run(capsys, "cloud", *arguments, "-o", target, "--overwrite")
    assert code == 0, said
    return HtmlParts(target.read_text(encoding="utf-8"))


def distances_in(parts: HtmlParts) -> np.ndarray:
    """Undo the packing: bytes by significance, of zigzag differences of float32 bits."""
    planes = np.frombuffer(parts.files()["distances"], np.uint8).reshape(4, -1)
    packed = sum(plane.astype(np.int64) << (8 * i) for i, plane in enumerate(planes))
    steps = np.where(packed % 2, -(packed + 1) // 2, packed // 2)
    bits = (np.cumsum(steps) % 2**32).astype("<u4")
    return bits.view("<f4").reshape(-1, parts.json("page-scene")["width"])


def colours_in(parts: HtmlParts) -> np.ndarray:
    width = parts.json("page-scene")["width"]
    return np.frombuffer(parts.files()["colours"], np.uint8).reshape(-1, width, 3)


def uneven(rng) -> dsdmsr.DepthMap:
    """Return a map with holes whose values lie far apart."""
    values = 10 ** rng.uniform(-30, 30, (6, 8))
    values[0, 0], values[-1, -1] = np.finfo(np.float32).tiny, np.finfo(np.float32).max
    valid = rng.random((6, 8)) > 0.2
    valid[0, 0] = valid[-1, -1] = True
    return dsdmsr.DepthMap(values.astype(np.float32), valid, unit="m")


@pytest.mark.parametrize("mesh", [False, True])
def test_points_come_back_bit_by_bit(rng, mesh):
    depth = uneven(rng)
    parts = HtmlParts(scene_html("a", depth, CAMERA, steepest=80 if mesh else None))
    distance = distances_in(parts)
    np.testing.assert_array_equal(distance > 0, depth.valid)
    np.testing.assert_array_equal(distance[depth.valid], depth.values[depth.valid])
    scene = parts.json("page-scene")
    camera = dsdmsr.Intrinsics(**scene["camera"])
    with np.errstate(over="ignore"):
        vertices = points(distance.astype(np.float64), camera)[distance > 0]
        np.testing.assert_array_equal(vertices, point_cloud(depth, CAMERA)[0])
    assert scene["steepest"] == (80 if mesh else None)
    assert scene["unit"] == "m"


def test_colours_are_those_of_the_preview_or_of_a_picture(capsys, tmp_path, rng):
    numbers = rng.integers(500, 3000, (6, 8)).astype(np.uint16)
    numbers[2, 3] = 0
    Image.fromarray(numbers).save(tmp_path / "a.png")
    colours = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "colour.png")
    valid = numbers[..., None] > 0
    ask = (tmp_path / "a.png", *GIVEN)
    parts = written(capsys, tmp_path, *ask, "--colour", tmp_path / "colour.png", "--mesh")
    np.testing.assert_array_equal(colours_in(parts), np.where(valid, colours, 0))
    assert parts.json("page-scene")["scale"] is None
    depth = dsdmsr.read_depth(tmp_path / "a.png")
    scale = ValueScale.of(depth)
    expected = np.asarray(scale.picture(depth.values, depth.valid))
    for more in ((), ("--colour", "depth")):
        parts = written(capsys, tmp_path, *ask, *more)
        np.testing.assert_array_equal(colours_in(parts), np.where(valid, expected, 0))
        explained = parts.json("page-scene")["scale"]
        assert (explained["low"], explained["high"]) == (scale.low, scale.high)
        assert explained["meaning"] == "depth in metres"
        assert explained["reversed"]


def test_disparity_becomes_distances(capsys, tmp_path):
    np.save(tmp_path / "a.npy", np.full((4, 5), 8, np.float32))
    stereo = ("--from-kind", "disparity", "--focal", 100, "--baseline", 0.2, "--doffs", 2)
    parts = written(capsys, tmp_path, tmp_path / "a.npy", *GIVEN, *stereo)
    np.testing.assert_allclose(distances_in(parts), 2, rtol=1e-6)
    scene = parts.json("page-scene")
    assert scene["unit"] == "m"
    assert not scene["scale"]["reversed"]


def test_the_file_asks_for_nothing_and_holds_its_licence(rng):
    html = scene_html("a", uneven(rng), CAMERA)
    parts = HtmlParts(html)
    assert "{{" not in html.replace(parts.texts["script"], "")
    parts.check_points_nowhere()
    rules = parts.check_policy()
    assert set(rules["script-src"].split()) == {rules["script-src"]}
    assert parts.texts["pre"].startswith("dsdmsr (Apache-2.0), code\n")
    licence = Path(__file__).parents[2] / "LICENSE"
    assert licence.read_text().strip() in parts.texts["pre"]


def test_noise_takes_up_ten_bytes_a_pixel_at_most(rng):
    depth = dsdmsr.DepthMap(rng.uniform(0.1, 9, (300, 400)).astype(np.float32))
    picture = rng.integers(0, 256, (300, 400, 3)).astype(np.uint8)
    assert len(scene_html("a", depth, CAMERA, picture)) <= 40e3 + 10 * 300 * 400


def test_a_files_name_is_no_markup(capsys, tmp_path):
    name = "<b>&amp;{{page:files}}.png"
    Image.fromarray(np.full((4, 5), 900, np.uint16)).save(tmp_path / name)
    parts = written(capsys, tmp_path, tmp_path / name, *GIVEN)
    assert parts.texts["h1"] == name
    assert parts.texts["title"] == f"{name} in space"


def test_what_is_too_large_for_html_is_refused_beforehand(capsys, tmp_path):
    np.save(tmp_path / "a.npy", np.ones((1, MOST_PIXELS + 1), np.float32))
    said = refused(capsys, "cloud", tmp_path / "a.npy", "-o", tmp_path / "a.html", *GIVEN)
    assert "a.npy: 2100001×1 are 2,100,001 pixels: an HTML file takes up to 2,100,000" in said
    assert not (tmp_path / "a.html").exists()
    with pytest.raises(DepthError, match="no pixel is valid"):
        scene_html("a", dsdmsr.DepthMap(np.ones((2, 2)), np.zeros((2, 2), bool)), CAMERA)
    said = run(capsys, "cloud", "--help")[1].replace("│", " ")
    assert f"up to {MOST_PIXELS:,} pixels" in " ".join(said.split())


def test_a_file_is_replaced_only_if_asked(capsys, tmp_path):
    Image.fromarray(np.full((4, 5), 900, np.uint16)).save(tmp_path / "a.png")
    target = tmp_path / "new" / "a.HTM"
    ask = ("cloud", tmp_path / "a.png", "-o", target, *GIVEN, "--mesh")
    code, out, _ = run(capsys, *ask)
    assert (code, out) == (0, f"wrote 20 points and 24 triangles to {target}\n")
    first = target.read_bytes()
    target.write_text("mine")
    assert "exists: give another name, or --overwrite" in refused(capsys, *ask)
    assert target.read_text() == "mine"
    assert run(capsys, *ask, "--overwrite")[0] == 0
    assert target.read_bytes() == first


def test_open_shows_the_file_in_the_browser(capsys, tmp_path):
    Image.fromarray(np.full((4, 5), 900, np.uint16)).save(tmp_path / "a.png")
    ask = ("cloud", tmp_path / "a.png", "--open", *GIVEN)
    assert "--open shows HTML files, not .ply" in refused(capsys, *ask, "-o", tmp_path / "a.ply")
    assert not (tmp_path / "a.ply").exists()
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > "{tmp_path}/shown"\n')
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    command = [sys.executable, "-m", "dsdmsr", *map(str, ask), "-o", "a.html"]
    environment = {**os.environ, "BROWSER": f"{browser} %s"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "shown").read_text() == (tmp_path / "a.html").resolve().as_uri()
