"""Depth in HEIC photos, whose boxes are made by hand."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image
from testing.command import run

from dsdmsr import read_depth
from dsdmsr.app.files import plan
from dsdmsr.app.outputs import Outputs
from dsdmsr.depth.convert import to_kind
from dsdmsr.errors import FileError
from dsdmsr.io.heic import read_heic
from tools.source_files.portraits import LEVELS, RANGE, boxes, portrait, xmp

pillow_heif = pytest.importorskip("pillow_heif")


def test_disparity_is_inverse_depth_in_the_range_that_xmp_gives(tmp_path):
    depth = read_depth(portrait(tmp_path / "a.heic"))
    assert (depth.kind, depth.unit) == ("inverse_depth", "m")
    assert depth.valid.all()
    expected = 0.25 + LEVELS / 255 * 2.25
    np.testing.assert_allclose(depth.values, expected, rtol=1e-6)
    np.testing.assert_allclose(to_kind(depth, "depth").values, 1 / expected, rtol=1e-6)
    assert to_kind(depth, "depth").unit == "m"


def test_depth_is_in_metres_and_properties_may_be_elements(tmp_path):
    elements = (
        "<apdi:AuxiliaryImageType>depth</apdi:AuxiliaryImageType>"
        "<apdi:FloatMinValue>0.5</apdi:FloatMinValue><apdi:FloatMaxValue>8</apdi:FloatMaxValue>"
    )
    depth = read_depth(portrait(tmp_path / "a.heif", xmp(elements, apdi__IntMaxValue=250)))
    assert (depth.kind, depth.unit) == ("depth", "m")
    np.testing.assert_allclose(depth.values, 0.5 + LEVELS / 250 * 7.5, rtol=1e-6)


def test_relative_disparity_has_no_unit(tmp_path):
    for number, more in enumerate(({}, {"depthData__Accuracy": "relative"})):
        text = xmp(apdi__AuxiliaryImageType="disparity", **RANGE, **more)
        depth = read_depth(portrait(tmp_path / f"{number}.heic", text))
        assert (depth.kind, depth.unit) == ("inverse_depth", None)
        np.testing.assert_allclose(depth.values, 0.25 + LEVELS / 255 * 2.25, rtol=1e-6)


@pytest.mark.parametrize("text", [None, xmp(apdi__AuxiliaryImageType="disparity")])
def test_levels_without_a_range_are_relative_which_is_said(tmp_path, text):
    depth = read_depth(portrait(tmp_path / "a.heic", text))
    assert (depth.kind, depth.encoding) == ("inverse_depth", "relative")
    np.testing.assert_array_equal(depth.values, LEVELS)
    assert "no range of values" in depth.metadata.notes[0]


def test_photos_without_depth_are_refused(tmp_path):
    photo = pillow_heif.from_pillow(Image.new("RGB", (64, 64)))
    photo.save(tmp_path / "plain.heic")
    portrait(tmp_path / "matte.heic", urn=b"urn:com:apple:photo:2018:aux:portraiteffectsmatte")
    for name in ("plain.heic", "matte.heic"):
        with pytest.raises(FileError, match="photo without depth: give a portrait"):
            read_depth(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"<x:xmpmeta", "its XMP is damaged"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a/>', "its XMP defines entities"),
        (xmp(apdi__AuxiliaryImageType="matte"), "its auxiliary image is matte"),
        (xmp(apdi__FloatMinValue=2, apdi__FloatMaxValue=1), "its range is 2 to 1"),
        (xmp(apdi__FloatMinValue="nan", apdi__FloatMaxValue=1), "its range is not finite"),
        (xmp(apdi__FloatMinValue="x", apdi__FloatMaxValue=1), "could not convert"),
        (xmp(apdi__IntMaxValue=9, **RANGE), "its numbers are 0 to 204"),
        (
            xmp(apdi__AuxiliaryImageType="depth", apdi__FloatMinValue=-1, apdi__FloatMaxValue=1),
            "its least depth is -1",
        ),
    ],
)
def test_what_xmp_cannot_mean_is_refused(tmp_path, text, says):
    with pytest.raises(FileError, match=says) as caught:
        read_depth(portrait(tmp_path / "a.heic", text))
    assert "\n" not in str(caught.value)


def test_damaged_files_are_refused_in_one_line(tmp_path):
    whole = portrait(tmp_path / "a.heic").read_bytes()
    path = tmp_path / "b.heic"
    meta = boxes(whole, 0, len(whole))[1]
    for cut in (0, 20, 60, meta[2] - 30, meta[2] + 300, len(whole) - 200):
        path.write_bytes(whole[:cut])
        with pytest.raises(FileError, match="damaged") as caught:
            read_depth(path)
        assert "\n" not in str(caught.value)
    path.write_bytes(b"not a photo at all" * 9)
    with pytest.raises(FileError, match="damaged, or no HEIF"):
        read_depth(path)
    # Wherever one byte of the boxes is wrong, there is a map or an error of this package.
    refusals = []
    for at in range(40, meta[2], 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            read_depth(path)
        except FileError as error:
            refusals.append(str(error))
    assert refusals
    assert not [line for line in refusals if "\n" in line]


def test_outputs_are_floats(tmp_path, capsys):
    path = portrait(tmp_path / "a.heic")
    (pair,) = plan([str(path)], Outputs(output=tmp_path / "out"))
    assert pair.target.name == "a.npy"
    code, out, _ = run(capsys, "info", path)
    assert code == 0
    assert "float inverse depth, per metre, as the photo says" in out
    assert "kind      inverse depth" in out


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError("its boxes\nare damaged"), "its boxes are damaged"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path, monkeypatch, error, says):
    def fail(content):
        raise error

    path = portrait(tmp_path / "a.heic")
    monkeypatch.setattr("dsdmsr.io.heic.heif_items", fail)
    says = f"{path} is damaged, or no HEIF that can be read: {says}"
    with pytest.raises(FileError, match=f"^{re.escape(says)}$"):
        read_heic(path)


@pytest.mark.parametrize(
    ("text", "meaning", "unit"),
    [
        (xmp(**RANGE), "inverse depth, relative", None),
        (xmp(depthData__Accuracy="absolute", **RANGE), "inverse depth, per metre", "m"),
        (xmp(apdi__AuxiliaryImageType="depth", **RANGE), "depth, in metres", "m"),
        (
            xmp(apdi__AuxiliaryImageType="depth", depthData__Accuracy="relative", **RANGE),
            "depth, relative",
            None,
        ),
    ],
)
def test_the_meaning_of_numbers_is_that_of_the_photo(tmp_path, text, meaning, unit):
    stored = read_heic(portrait(tmp_path / "a.heic", text))
    encoding = stored.encoding
    assert encoding.meaning == f"float {meaning}, as the photo says"
    assert encoding.kind == ("inverse_depth" if "inverse" in meaning else "depth")
    assert (encoding.unit, encoding.zero_is_value) == (unit, True)
    assert np.isnan(encoding.invalid)
    assert (stored.numbers.dtype, stored.notes) == (np.float32, ())
    assert stored.numbers[0, :2] == pytest.approx([0.25, 0.25 + 2.25 / 255])


@pytest.mark.parametrize("missing", list(RANGE))
def test_half_a_range_is_none(tmp_path, missing):
    text = xmp(**{name: value for name, value in RANGE.items() if name != missing})
    stored = read_heic(portrait(tmp_path / "a.heic", text))
    assert (stored.numbers.dtype, stored.encoding) == (np.uint8, "relative")
    assert stored.notes == (
        "it has no range of values: its grey levels are taken for relative inverse depth",
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            xmp(apdi__AuxiliaryImageType="matte"),
            "its auxiliary image is matte: depth and disparity are known",
        ),
        (
            xmp(apdi__FloatMinValue=2, apdi__FloatMaxValue=2),
            "its range is 2 to 2 for 0 to 255, and its numbers are 0 to 204",
        ),
        (
            xmp(apdi__IntMinValue=1, **RANGE),
            "its range is 0.25 to 2.5 for 1 to 255, and its numbers are 0 to 204",
        ),
        (
            xmp(apdi__IntMaxValue=203, **RANGE),
            "its range is 0.25 to 2.5 for 0 to 203, and its numbers are 0 to 204",
        ),
        (xmp(apdi__IntMaxValue="inf", **RANGE), "its range is not finite"),
    ],
)
def test_what_xmp_cannot_mean_is_said_in_full(tmp_path, text, says):
    path = portrait(tmp_path / "a.heic", text)
    says = f"{path} is damaged, or of a kind that is not known: {says}"
    with pytest.raises(FileError, match=f"^{re.escape(says)}$"):
        read_heic(path)


def test_numbers_may_reach_the_ends_of_their_range(tmp_path):
    text = xmp(apdi__IntMinValue=-2, apdi__IntMaxValue=204, **RANGE)
    numbers = read_heic(portrait(tmp_path / "a.heic", text)).numbers
    assert numbers.max() == 2.5
    assert numbers.min() == pytest.approx(0.25 + 2 / 206 * 2.25)
