"""Depth in HEIC photos, whose boxes are made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from testing.command import run

from dsdmsr import read_depth
from dsdmsr.app.files import plan
from dsdmsr.app.outputs import Outputs
from dsdmsr.depth.convert import to_kind
from dsdmsr.errors import FileError
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
