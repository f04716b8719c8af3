"""Depth in HEIC photos: images encoded by pillow-heif, joined as ISO/IEC 23008-12 says.

No library here writes auxiliary images. So pillow-heif writes two plain ones, and boxes are made by
hand that make the second the depth of the first: ISO/IEC 14496-12 for iinf, iref, iloc and ipma,
ISO/IEC 23008-12, section 6.5.8, for auxC.
"""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from testing.command import run

from dsdmsr import read_depth
from dsdmsr.app.files import Outputs, plan
from dsdmsr.depth.convert import to_kind
from dsdmsr.errors import FileError

pillow_heif = pytest.importorskip("pillow_heif")

LEVELS = np.add.outer(3 * np.arange(48), np.arange(64)).astype(np.uint8)
DEPTH_URN = b"urn:mpeg:hevc:2015:auxid:2"
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/'
    '22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:apdi="http://ns.apple.com/'
    'pixeldatainfo/1.0/" xmlns:depthData="http://ns.apple.com/depthData/1.0/" {attributes}>'
    "{elements}</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def xmp(elements: str = "", **attributes: object) -> bytes:
    said = " ".join(f'{name.replace("__", ":")}="{value}"' for name, value in attributes.items())
    return XMP.format(attributes=said, elements=elements).encode()


RANGE = {"apdi__FloatMinValue": 0.25, "apdi__FloatMaxValue": 2.5}
DISPARITY = xmp(
    apdi__AuxiliaryImageType="disparity",
    apdi__IntMinValue=0,
    apdi__IntMaxValue=255,
    depthData__Accuracy="absolute",
    **RANGE,
)


def boxes(content: bytes, start: int, end: int) -> list[tuple[bytes, int, int]]:
    found = []
    while start < end:
        size, kind = struct.unpack_from(">I4s", content, start)
        found.append((kind, start + 8, start + size))
        start += size
    return found


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def portrait(path: Path, text: bytes | None = DISPARITY, urn: bytes = DEPTH_URN, levels=LEVELS):
    """Write a photo with an auxiliary image, which `text` describes."""
    photo = pillow_heif.from_pillow(Image.fromarray(np.full((96, 128, 3), 90, np.uint8)))
    photo.add_from_pillow(Image.fromarray(levels))
    plain = io.BytesIO()
    photo.save(plain, quality=-1, save_all=True, chroma=444)
    content = plain.getvalue()
    _, meta_box, _ = boxes(content, 0, len(content))
    inner = {kind: (a, b) for kind, a, b in boxes(content, meta_box[1] + 4, meta_box[2])}
    start = inner[b"iloc"][0] + 8
    coded = [struct.unpack_from(">HHIHII", content, start + 18 * k) for k in (0, 1)]
    assert [entry[0] for entry in coded] == [1, 2]
    parts = [content[base + at : base + at + size] for _, _, base, _, at, size in coded]
    parts += [text] if text is not None else []
    made = _meta(content, inner, [len(part) for part in parts], urn, 0)
    ahead = boxes(content, 0, len(content))[0][2] + len(made) + 8
    made = _meta(content, inner, [len(part) for part in parts], urn, ahead)
    path.write_bytes(content[: meta_box[1] - 8] + made + box(b"mdat", b"".join(parts)))
    return path


def _meta(content: bytes, inner, sizes: list[int], urn: bytes, ahead: int) -> bytes:
    """Return the box that says what the items are, and where: from `ahead` on."""
    infos = [struct.pack(">B3xHH4sx", 2, 1, 0, b"hvc1"), b"\2\0\0\1\0\2\0\0hvc1\0"]
    if len(sizes) == 3:
        infos.append(b"\2\0\0\1\0\3\0\0mime\0application/rdf+xml\0")
    counted = struct.pack(">4xH", len(infos)) + b"".join(box(b"infe", info) for info in infos)
    links = box(b"auxl", struct.pack(">HHH", 2, 1, 1))
    if len(sizes) == 3:
        links += box(b"cdsc", struct.pack(">HHH", 3, 1, 2))
    (_, first, last), (_, start, end) = boxes(content, *inner[b"iprp"])
    auxiliary = box(b"auxC", bytes(4) + urn + b"\0")
    number = len(boxes(content, first, last)) + 1
    linked = bytearray(content[start:end])
    at = 8 + 3 + linked[10] + 2  # the count of the second item's properties
    linked[at] += 1
    properties = box(b"ipco", content[first:last] + auxiliary)
    properties += box(b"ipma", bytes(linked) + bytes([number]))
    places = struct.pack(">4xBBH", 0x44, 0x40, len(sizes))
    for k, size in enumerate(sizes):
        places += struct.pack(">HHIHII", k + 1, 0, ahead + sum(sizes[:k]), 1, 0, size)
    kept = [box(kind, content[slice(*inner[kind])]) for kind in (b"hdlr", b"pitm")]
    made = [box(b"iloc", places), box(b"iinf", counted), box(b"iref", bytes(4) + links)]
    return box(b"meta", bytes(4) + b"".join([*kept, *made, box(b"iprp", properties)]))


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
