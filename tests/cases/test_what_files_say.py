"""What numbers mean beside their values: holes, masks, encodings, and where samples lie."""

from __future__ import annotations

import numpy as np
import pytest
from testing.command import run, upscaled
from testing.containers import FLOATS, WHOLE

from dsdmsr import DepthMap, Stereo, Upscaler, read_depth, write_depth
from dsdmsr.depth.convert import to_kind
from dsdmsr.errors import DepthError
from dsdmsr.io import Encoding, read_numbers

Y, X = np.mgrid[:24, :32]
WALL = (2 + 0.01 * X + 0.005 * Y).astype(np.float32)


MARKERS = [np.nan, np.inf, -np.inf, 0.0, -1.0, 1e10]


def holes_of(numbers: np.ndarray, marker: float) -> np.ndarray:
    return np.isnan(numbers) if np.isnan(marker) else numbers == marker


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize("suffix", FLOATS)
def test_the_number_for_holes_comes_back(tmp_path, capsys, marker, suffix):
    values = WALL.copy()
    values[8:16, 8:16] = marker
    FLOATS[suffix](tmp_path / f"a{suffix}", values)
    out = read_numbers(upscaled(capsys, tmp_path / f"a{suffix}"))
    holes = holes_of(out, marker)
    assert holes.sum() == pytest.approx(256, rel=0.1)
    assert holes[18:30, 18:30].all()
    assert (np.abs(out[~holes] - 2.2) < 0.3).all()


@pytest.mark.parametrize("marker", [np.nan, np.inf, 0.0])
@pytest.mark.parametrize(
    "encoding", ["float", "metres", "dtu", "hypersim", "disparity", "inverse", "height"]
)
def test_the_number_for_holes_comes_back_in_any_encoding(tmp_path, capsys, marker, encoding):
    zero_is_value = encoding in ("hypersim", "disparity", "inverse", "height")
    values = WALL.copy()
    values[8:16, 8:16] = marker
    np.save(tmp_path / "a.npy", values)
    out = np.load(upscaled(capsys, tmp_path / "a.npy", "--encoding", encoding))
    if marker == 0 and zero_is_value:
        # Flat ground at 0, with its rim.
        assert read_depth(tmp_path / "a.npy", encoding).valid.all()
        assert (out[18:30, 18:30] == 0).all()
        return
    holes = holes_of(out, marker)
    assert 230 < holes.sum() < 280
    assert (out[~holes] > 1).all()


def test_the_commonest_of_several_markers_comes_back(tmp_path, capsys):
    values = WALL.copy()
    values[8:16, 8:16], values[0, 0], values[20, 3] = np.inf, np.nan, 0
    np.save(tmp_path / "a.npy", values)
    out = np.load(upscaled(capsys, tmp_path / "a.npy"))
    assert (np.isinf(out).sum(), np.isnan(out).sum(), (out == 0).sum()) == (
        pytest.approx(262, abs=8),
        0,
        0,
    )


CITY = {"focal": 2262, "baseline": 0.209313}


@pytest.mark.parametrize("number", [2, 129, 257, 2049, 32767])
@pytest.mark.parametrize("suffix", WHOLE)
def test_cityscapes_counts_from_one(tmp_path, capsys, number, suffix):
    path = tmp_path / f"a{suffix}"
    WHOLE[suffix](path, np.full((16, 16), number, np.uint16))
    options = ("--encoding", "cityscapes", "--to-kind", "depth", "--output-encoding", "metres")
    camera = ("--focal", CITY["focal"], "--baseline", CITY["baseline"])
    ask = ("upscale", path, "-o", tmp_path / "o.npy", "--scale", 2, *options, *camera)
    assert run(capsys, *ask)[0] == 0
    right = CITY["baseline"] * CITY["focal"] * 256 / (number - 1)
    np.testing.assert_allclose(np.load(tmp_path / "o.npy"), right, rtol=1e-6)


def test_cityscapes_has_holes_and_things_infinitely_far(tmp_path):
    numbers = np.where(X < 4, 0, np.where(X < 8, 1, 129)).astype(np.uint16)
    for suffix in WHOLE:
        WHOLE[suffix](tmp_path / f"a{suffix}", numbers)
        disparity = read_depth(tmp_path / f"a{suffix}", "cityscapes")
        np.testing.assert_array_equal(disparity.valid, X >= 4)
        np.testing.assert_array_equal(disparity.values, np.where(X < 8, 0, 0.5))
        write_depth(tmp_path / f"b{suffix}", disparity)
        np.testing.assert_array_equal(read_numbers(tmp_path / f"b{suffix}"), numbers)
        seen = DepthMap(
            disparity.values, disparity.valid, kind="disparity", unit="px", stereo=Stereo(**CITY)
        )
        depth = to_kind(seen, "depth")
        np.testing.assert_array_equal(depth.valid, X >= 8)
        np.testing.assert_allclose(depth.values[:, 8:], 2 * CITY["baseline"] * CITY["focal"])


OWN = {
    "Matterport3D": {"per_unit": 4000},
    "Replica": {"per_unit": 6553.5},
    "BOP, tenths of a millimetre": {"per_unit": 10_000},
    "65535 is the sky": {"per_unit": 100, "invalid": 65535, "largest": 65534},
    "counted from 1": {"per_unit": 256, "offset": 1},
    "14 bits": {"per_unit": 1000, "largest": 16383},
    "disparity": {"per_unit": 64, "kind": "disparity", "unit": "px"},
}


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("suffix", WHOLE)
def test_an_encoding_of_ones_own_is_written_again(tmp_path, name, suffix):
    own = Encoding(**{"meaning": name, "unit": "m", "largest": 65535, **OWN[name]})
    numbers = (8000 + 40 * X).astype(np.uint16)
    numbers[3, 4] = numbers[10:14, 10:14] = own.invalid
    WHOLE[suffix](tmp_path / f"a{suffix}", numbers)
    depth = read_depth(tmp_path / f"a{suffix}", own)
    np.testing.assert_array_equal(depth.valid, numbers != own.invalid)
    np.testing.assert_allclose(depth.values[0], (numbers[0] - own.offset) / own.per_unit)
    for given in (None, own):
        write_depth(tmp_path / f"b{suffix}", depth, given, overwrite=True)
        np.testing.assert_array_equal(read_numbers(tmp_path / f"b{suffix}"), numbers)
    write_depth(tmp_path / f"c{suffix}", Upscaler.from_pretrained("dsdmsr-fast", scale=2)(depth))
    large = read_numbers(tmp_path / f"c{suffix}")
    assert (large[21:27, 21:27] == own.invalid).all()
    right = 8000 + 40 * ((np.arange(64) + 0.5) / 2 - 0.5)
    assert np.abs(large[40:, 4:-4] - right[4:-4]).max() < 20


def test_an_encoding_of_8_bits_of_ones_own(tmp_path):
    numbers = (10 + 5 * X).astype(np.uint8)
    WHOLE[".png"](tmp_path / "a.png", numbers)
    own = Encoding(meaning="decimetres", per_unit=10, unit="m", largest=255)
    write_depth(tmp_path / "b.png", read_depth(tmp_path / "a.png", own))
    np.testing.assert_array_equal(read_numbers(tmp_path / "b.png"), numbers)
    assert read_numbers(tmp_path / "b.png").dtype == np.uint8


@pytest.mark.parametrize("per_metre", [4000, 6553.5, 10_000])
@pytest.mark.parametrize("sky", [False, True])
def test_the_command_takes_units_per_metre(tmp_path, capsys, per_metre, sky):
    numbers = (8000 + 40 * X).astype(np.uint16)
    numbers[10:14, 10:14] = 65535 if sky else 0
    WHOLE[".png"](tmp_path / "a.png", numbers)
    more = ("--invalid", 65535) if sky else ()
    ask = ("--units-per-metre", per_metre, *more)
    large = read_numbers(upscaled(capsys, tmp_path / "a.png", *ask))
    assert (large[21:27, 21:27] == 0).all()
    right = 8000 + 40 * ((np.arange(64) + 0.5) / 2 - 0.5)
    assert np.abs(large[34:, 4:-4] - right[4:-4]).max() < 20


UNDER = np.where(X < 16, 9999, WALL).astype(np.float32)
MASKED = np.ma.masked_equal(UNDER, 9999)
MASKS = {
    "floats": (MASKED, X >= 16),
    "doubles": (MASKED.astype(np.float64), X >= 16),
    "high byte first": (np.ma.masked_equal(UNDER.astype(">f4"), 9999), X >= 16),
    "whole numbers": (np.ma.masked_equal(np.where(X < 16, 9999, X + 2), 9999), X >= 16),
    "a hard mask": (np.ma.array(UNDER, mask=X < 16, hard_mask=True), X >= 16),
    "no mask": (np.ma.array(WALL), X >= 0),
    "all masked": (np.ma.array(WALL, mask=True), X < 0),
    "NaN masked": (np.ma.masked_invalid(np.where(X < 5, np.nan, WALL)), X >= 5),
    "NaN beside": (np.ma.array(np.where(X < 5, np.nan, WALL), mask=X > 20), (X >= 5) & (X < 21)),
    "negative masked": (np.ma.masked_less(WALL - 2.2, 0), WALL >= 2.2),
    "rows": (list(MASKED), X >= 16),
    "every second": (MASKED[::2, ::2], (X >= 16)[::2, ::2]),
    "turned": (MASKED.T, (X >= 16).T),
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("kind", ["depth", "disparity", "height"])
def test_a_masked_array_keeps_its_mask(name, kind):
    given, valid = MASKS[name]
    depth = DepthMap(given, kind=kind)
    np.testing.assert_array_equal(depth.valid, valid)
    assert (depth.values[valid] < 40).all()
    assert (depth.values[~valid] == 0).all()


def test_masks_of_frames_and_of_what_goes_with_a_map():
    both = DepthMap(MASKED, Y > 3)
    np.testing.assert_array_equal(both.valid, (X >= 16) & (Y > 3))
    for values in (WALL, np.ma.array(WALL, mask=False)):
        unsure = DepthMap(values, np.ma.array(X > 3, mask=Y < 4))
        np.testing.assert_array_equal(unsure.valid, (X > 3) & (Y >= 4))
    error = np.ma.array(0.1 * WALL, mask=X < 16)
    np.testing.assert_array_equal(np.isnan(DepthMap(MASKED, error=error).error), X < 16)
    with pytest.raises(DepthError, match="error of 384 valid pixels is negative or NaN"):
        DepthMap(WALL, error=error)
    frame = np.ma.masked_equal(np.where(X < 16, 9999, 1000 * WALL).astype(np.uint16), 9999)
    np.testing.assert_array_equal(DepthMap.from_array(frame, "mm").valid, X >= 16)
    np.testing.assert_array_equal(DepthMap.from_array(MASKED).valid, X >= 16)


def test_what_stands_under_a_mask_changes_nothing_beside_it():
    upscaler = Upscaler.from_pretrained(scale=4)
    large = upscaler(DepthMap(MASKED))
    other = upscaler(DepthMap(np.ma.array(WALL, mask=X < 16)))
    np.testing.assert_array_equal(large.values, other.values)
    with pytest.raises(
        DepthError, match=r"a numpy\.MaskedArray of shape \(24, 32\), not a DepthMap"
    ):
        upscaler(MASKED)


def test_a_float_map_in_millimetres_is_not_rounded(tmp_path, capsys):
    np.save(tmp_path / "a.npy", (1000 * WALL + 0.25).astype(np.float32))
    out = np.load(upscaled(capsys, tmp_path / "a.npy", "--encoding", "mm"))
    assert out.dtype == np.float32
    assert np.abs(out - np.round(out)).max() > 0.1


def test_values_beyond_float32_are_announced(tmp_path, capsys):
    np.save(tmp_path / "a.npy", 2.0**31 + X + 0.0)
    code, out, _ = run(capsys, "info", tmp_path / "a.npy")
    assert code == 0
    assert "are kept in steps of" in out


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (1000 + X / 1000, True),
        ((2**24 + 2 * X + X % 2).astype(np.int32), True),
        (2.0**40 + 2e10 * X, False),
        (X + 1.0, False),
        (X.astype(np.int32), False),
        (4 + X / 32, False),
    ],
)
def test_digits_that_are_lost_are_announced_with_the_largest_loss(tmp_path, capsys, numbers, said):
    lost = np.abs(numbers.astype(np.float32).astype(np.float64) - numbers).max()
    np.save(tmp_path / "a.npy", numbers)
    code, out, _ = run(capsys, "info", tmp_path / "a.npy", "--from-kind", "height")
    assert code == 0
    assert ("are kept in steps" in out) == said
    assert (f"changes them by up to {lost:.2g}: subtract" in out) == said


def test_values_that_float32_has_not_are_announced_as_the_holes_that_they_become(tmp_path, capsys):
    numbers = X + 1.0
    numbers[0, :3] = 1e39
    np.save(tmp_path / "a.npy", numbers)
    code, out, _ = run(capsys, "info", tmp_path / "a.npy")
    assert code == 0
    assert "3 values are beyond ±3.4e+38, the largest that maps keep: taken for holes" in out


def test_the_largest_float32_makes_no_holes():
    values = np.where(X < 16, np.float32(1), np.float32(3.4e38))
    large = Upscaler.from_pretrained("dsdmsr-fast", scale=2)(DepthMap(values))
    assert large.valid.all()
    assert np.isfinite(large.values).all()


@pytest.mark.parametrize("phase", ["corner", "aligned"])
def test_the_phase_of_samples_can_be_said(tmp_path, capsys, phase):
    """A plane made of every fourth pixel, or with aligned corners, comes back where it was."""
    height, width = (96, 128) if phase == "corner" else (93, 125)
    y, x = np.mgrid[:height, :width]
    plane = 2 + 0.003 * x + 0.002 * y
    small = plane[::4, ::4]
    np.save(tmp_path / "a.npy", small.astype(np.float32))
    size = f"{width}x{height}"
    ask = ("upscale", tmp_path / "a.npy", "-o", tmp_path / "b.npy", "--size", size)
    assert run(capsys, *ask, "--phase", phase)[0] == 0
    off = np.abs(np.load(tmp_path / "b.npy") - plane)[8:-8, 8:-8]
    assert off.max() < 1e-3
    assert run(capsys, *ask, "--overwrite")[0] == 0
    assert np.abs(np.load(tmp_path / "b.npy") - plane)[8:-8, 8:-8].max() > 3e-3
