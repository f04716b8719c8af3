"""Files through the page: the same results as the command's, and clear words for damaged ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from testing.command import run
from testing.web_damaged import damaged_files
from testing.web_maps import upscaled_cases

from dsdmsr import DepthMap, Upscaler, read_depth, write_depth
from dsdmsr.io.pfm import read_pfm

OPTIONS = {"scale", "phase", "fill"}
"""What the page asks for; the engine's own tests have tiles and sizes, too."""


def _cases() -> list[tuple[DepthMap, dict]]:
    """Return maps and options that the page has: every factor, holes, odd sizes."""
    return [(depth, options) for depth, options in upscaled_cases() if options.keys() <= OPTIONS]


def _file(folder: Path, number: int, depth: DepthMap) -> tuple[Path, str]:
    """Write a map to a file of its own; return that, and its encoding.

    Every other map in metres becomes a 16-bit PNG.
    """
    if depth.unit == "m" and depth.kind == "depth" and number % 2 and depth.values.max() < 65:
        encoding, suffix = "mm", ".png"
    else:
        names = {"depth": "metres", "disparity": "disparity", "height": "height"}
        encoding, suffix = names[depth.kind], (".npy", ".pfm")[number % 3 == 0]
    path = folder / f"map{number}{suffix}"
    write_depth(path, depth, encoding)
    return path, encoding


def _check(opened, capsys, folder: Path, number: int, case: tuple[DepthMap, dict]) -> None:
    """Check that a file becomes in the page what it becomes by the command."""
    depth, options = case
    path, encoding = _file(folder, number, depth)
    opened.choose(path, encoding)
    assert opened.said() == "", path
    opened.upscale(**{"scale": 2, **options})
    label = path.suffix[1:].upper()
    found = opened.download(label, folder)
    expected = folder / f"expected{number}{path.suffix}"
    filled = ("--filled", folder / f"filled{number}.png") if "fill" in options else ()
    given = [part for name, value in options.items() for part in (f"--{name}", value)]
    code, _, said = run(
        *(capsys, "upscale", path, "-o", expected, "--encoding", encoding, *given, *filled),
        *("--model", "dsdmsr-fast", "--device", "cpu"),
    )
    assert code == 0, said
    if path.suffix == ".png":
        _check_png(np.asarray(Image.open(found)), np.asarray(Image.open(expected)), path, options)
        return
    ours, theirs = _numbers(found), _numbers(expected)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype), path
    usable = np.isfinite(theirs) & (theirs != 0)
    assert np.array_equal(usable, np.isfinite(ours) & (ours != 0)), path
    span = np.ptp(depth.values[depth.valid]) or 1e-6 * np.abs(depth.values).max()
    assert np.abs(ours[usable] - theirs[usable]).max() <= 1e-5 * span + 1e-9, path


def _numbers(path: Path) -> np.ndarray:
    return np.load(path) if path.suffix == ".npy" else read_pfm(path).numbers


def _check_png(ours: np.ndarray, theirs: np.ndarray, path: Path, options: dict) -> None:
    """Check 16-bit numbers: the same, but for neighbours where a value lies halfway between."""
    assert (ours.shape, ours.dtype) == (theirs.shape, np.uint16), path
    assert np.array_equal(ours == 0, theirs == 0), path
    depth = read_depth(path, "mm")
    large = Upscaler.from_pretrained("dsdmsr-fast", device="cpu", **options)(depth)
    exact = large.values.astype(np.float64) * 1000
    near = 1e-5 * 1000 * np.ptp(depth.values[depth.valid]) + 1e-3
    differ = ours != theirs
    assert np.abs(ours.astype(int) - theirs)[differ].max(initial=0) <= 1, path
    away = np.abs(exact - np.floor(exact) - 0.5)[differ]
    assert away.max(initial=0) <= near, path


@pytest.mark.slow
def test_thirty_maps_become_what_the_command_gives(opened, capsys, tmp_path):
    cases = _cases()
    assert len(cases) >= 30
    assert {options["scale"] for _, options in cases} == set(range(2, 17))
    for number, case in enumerate(cases):
        _check(opened, capsys, tmp_path, number, case)
    opened.check_quiet()


@pytest.mark.slow
def test_damaged_files_are_refused_in_a_line_and_the_next_honest_one_is_read(opened, tmp_path, rng):
    damaged = damaged_files(tmp_path, rng)
    assert len(damaged) >= 100
    honest = tmp_path / "honest.npy"
    np.save(honest, np.float32(1 + np.add.outer(np.arange(20), np.arange(30)) / 50))
    for name, content in damaged.items():
        (tmp_path / name).write_bytes(content)
    for number, name in enumerate(damaged):
        opened.choose(tmp_path / name)
        said = opened.said()
        assert said.startswith(name), said
        assert "\n" not in said, said
        assert len(said) < 250, said
        if number % 20 == 0:
            opened.choose(honest)
            assert opened.said() == ""
    opened.choose(honest)
    opened.upscale(scale=2)
    assert np.load(opened.download("NPY", tmp_path)).shape == (40, 60)
    opened.check_quiet()


@pytest.mark.slow
def test_codes_for_no_depth_are_said_and_can_be_taken_for_values(opened, tmp_path):
    numbers = np.full((30, 40), 1500, np.uint16)
    numbers[5:20, 10:30], numbers[:, :5] = 2500, 65535
    Image.fromarray(numbers).save(tmp_path / "codes.png")
    opened.choose(tmp_path / "codes.png")
    tab = opened.tab
    assert "65535" in tab.locator("#notes").inner_text()
    assert "150 pixels" in tab.locator("#facts").inner_text()
    tab.get_by_label("Take such numbers").uncheck()
    tab.locator("#facts", has_text="0 pixels, 0.0 %").wait_for()
    assert "65.5 m" in tab.locator("#facts").inner_text()
