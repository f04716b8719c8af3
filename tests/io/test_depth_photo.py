"""Depth in JPEG photos, built by Google's "Depth Map Metadata" and "Dynamic Depth" 1.0."""

from __future__ import annotations

import base64
import hashlib
import io
import math
import re
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from testing.command import run

from dsdmsr import read_depth
from dsdmsr.app.files import plan
from dsdmsr.app.outputs import Outputs
from dsdmsr.errors import EncodingError, FileError
from dsdmsr.io.depth_photo import read_depth_photo, read_photo

NEAR, FAR = 0.5, 8.0
NAMES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/" '
    'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" '
    + " ".join(
        f'xmlns:{name}="http://ns.google.com/photos/dd/1.0/{name.lower()}/"'
        for name in ("DepthMap", "Container", "Item", "Camera", "Device")
    )
)
GDEPTH = {"Format": "RangeInverse", "Near": NEAR, "Far": FAR, "Mime": "image/png", "Units": "m"}


def quantised(depth: np.ndarray, form: str, most: int) -> np.ndarray:
    """Return depth in whole numbers: the description's section "Encoding depth"."""
    if form == "RangeLinear":
        share = (depth - NEAR) / (FAR - NEAR)
    else:
        share = FAR * (depth - NEAR) / (depth * (FAR - NEAR))
    return np.round(share * most).astype(np.uint8 if most == 255 else np.uint16)


def scene() -> np.ndarray:
    depth = np.add.outer(np.linspace(0, 3, 24), np.linspace(NEAR, 5, 32))
    depth[0, 0], depth[-1, -1] = NEAR, FAR
    return depth


def packet(attributes: str, elements: str = "") -> bytes:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {NAMES}><rdf:Description rdf:about="" '
        f"{attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def gdepth(said: dict[str, object]) -> str:
    return " ".join(f'GDepth:{name}="{value}"' for name, value in said.items())


def segment(body: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body


def photo(*packets: bytes, extended: bytes = b"", chunk: int = 65_400, appended: bytes = b""):
    """Return a JPEG with XMP, extended XMP in parts, and what follows the picture."""
    plain = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3)).astype(np.uint8)
    Image.fromarray(noise).save(plain, "JPEG", quality=95, progressive=True, restart_marker_rows=1)
    content = plain.getvalue()
    segments = [segment(b"http://ns.adobe.com/xap/1.0/\0" + one) for one in packets]
    digest = hashlib.md5(extended).hexdigest().upper().encode()
    for at in range(0, len(extended), chunk):
        head = b"http://ns.adobe.com/xmp/extension/\0" + digest
        place = struct.pack(">II", len(extended), at)
        segments.append(segment(head + place + extended[at : at + chunk]))
    return content[:2] + b"".join(segments) + content[2:] + appended


def png(levels: np.ndarray) -> bytes:
    return cv2.imencode(".png", levels)[1].tobytes()


def text(image: bytes) -> str:
    return base64.b64encode(image).decode()


@pytest.mark.parametrize("form", ["RangeLinear", "RangeInverse"])
@pytest.mark.parametrize("most", [255, 65535])
def test_gdepth_comes_back_within_its_steps(tmp_path, form, most):
    depth = scene()
    levels = quantised(depth, form, most)
    said = GDEPTH | {"Format": form, "Data": text(png(levels))}
    (tmp_path / "a.jpg").write_bytes(photo(packet(gdepth(said))))
    back = read_depth(tmp_path / "a.jpg")
    assert (back.kind, back.unit) == ("depth", "m")
    assert back.valid.all()
    # The description's formulas, pixel by pixel.
    for i, j in [(0, 0), (3, 5), (20, 11), (23, 31)]:
        share = int(levels[i, j]) / most
        if form == "RangeLinear":
            expected = share * (FAR - NEAR) + NEAR
        else:
            expected = (FAR * NEAR) / (FAR - share * (FAR - NEAR))
        assert back.values[i, j] == pytest.approx(expected, rel=1e-6)
    steps = (FAR - NEAR) / most if form == "RangeLinear" else depth**2 * (1 / NEAR - 1 / FAR) / most
    assert (np.abs(back.values - depth) <= 0.51 * steps + 1e-3 * (most == 255) + 1e-5).all()
    assert back.values[0, 0] == NEAR
    assert back.values[-1, -1] == FAR


def test_extended_xmp_is_put_together_in_whatever_order(tmp_path, rng):
    levels = rng.integers(0, 65536, (150, 200)).astype(np.uint16)
    said = GDEPTH | {"Units": "mm", "Near": 500, "Far": 8000}
    extension = packet(gdepth({"Data": text(png(levels))}))
    digest = hashlib.md5(extension).hexdigest().upper()
    main = packet(f'{gdepth(said)} xmpNote:HasExtendedXMP="{digest}"')
    content = photo(main, extended=extension, chunk=30_000)
    expected = FAR * NEAR / (FAR - levels / 65535 * (FAR - NEAR))
    assert content.count(b"xmp/extension/") > 2
    path = tmp_path / "a.jpeg"
    path.write_bytes(content)
    np.testing.assert_allclose(read_depth(path).values, expected, rtol=1e-6)
    pieces = content.split(b"\xff\xe1")
    path.write_bytes(b"\xff\xe1".join([pieces[0], pieces[1], pieces[3], pieces[2], *pieces[4:]]))
    np.testing.assert_allclose(read_depth(path).values, expected, rtol=1e-6)
    path.write_bytes(b"\xff\xe1".join([*pieces[:2], *pieces[3:]]))
    with pytest.raises(FileError, match="segments of its extended XMP are missing"):
        read_depth(path)
    last = pieces[-1][: struct.unpack(">H", pieces[-1][:2])[0]]
    path.write_bytes(b"\xff\xe1".join(pieces[:-1]) + pieces[-1][len(last) :])
    with pytest.raises(FileError, match=r"promises \d+ bytes, but holds"):
        read_depth(path)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_images_of_depth_may_be_jpeg(tmp_path, mode):
    levels = np.tile(np.arange(0, 256, 8, dtype=np.uint8), (24, 1)).repeat(8, 1)
    image = io.BytesIO()
    Image.fromarray(levels).convert(mode).save(image, "JPEG", quality=100, subsampling=0)
    said = GDEPTH | {"Format": "RangeLinear", "Mime": "image/jpeg", "Data": text(image.getvalue())}
    (tmp_path / "a.jpg").write_bytes(photo(packet(gdepth(said))))
    expected = NEAR + levels / 255 * (FAR - NEAR)
    np.testing.assert_allclose(read_depth(tmp_path / "a.jpg").values, expected, atol=0.06)


def dynamic(said: dict[str, object], items: list[tuple[str, int]], padding: int = 0) -> bytes:
    listed = "".join(
        f'<rdf:li><Container:Item Item:Mime="image/jpeg" Item:DataURI="{uri}" '
        f'Item:Length="{size}"' + (f' Item:Padding="{padding}"' if not k else "") + "/></rdf:li>"
        for k, (uri, size) in enumerate(items)
    )
    depth = " ".join(f'DepthMap:{name}="{value}"' for name, value in said.items())
    return packet(
        "",
        f"<Device:Container><Container:Directory><rdf:Seq>{listed}</rdf:Seq>"
        "</Container:Directory></Device:Container><Device:Cameras><rdf:Seq><rdf:li>"
        f"<Camera:DepthMap {depth}/></rdf:li></rdf:Seq></Device:Cameras>",
    )


@pytest.mark.parametrize("padding", [0, 13])
def test_dynamic_depth_is_the_item_that_its_container_lists(tmp_path, padding):
    levels = quantised(scene(), "RangeInverse", 65535)
    other, image = b"\xff\xd8\xff other \xff\xd9", png(levels)
    said = {
        "Format": "RangeInverse",
        "Near": NEAR,
        "Far": FAR,
        "Units": "Meters",
        "DepthURI": "android/depthmap",
    }
    items = [
        ("android/primary", 0),
        ("android/original", len(other)),
        ("android/depthmap", len(image)),
    ]
    content = photo(
        dynamic(said, items, padding), appended=bytes(padding) + other + image + b"trailer"
    )
    (tmp_path / "a.jpg").write_bytes(content)
    depth = read_depth(tmp_path / "a.jpg")
    assert (depth.kind, depth.unit) == ("depth", "m")
    np.testing.assert_allclose(depth.values, scene(), rtol=1e-3)
    (tmp_path / "cut.jpg").write_bytes(content[: -len(b"trailer") - 1])
    with pytest.raises(FileError, match="android/depthmap lies outside the file"):
        read_depth(tmp_path / "cut.jpg")
    (tmp_path / "none.jpg").write_bytes(photo(dynamic(said, items[:2]), appended=other))
    with pytest.raises(FileError, match="its container lists no android/depthmap"):
        read_depth(tmp_path / "none.jpg")
    segments = dynamic(said | {"ItemSemantic": "Segmentation"}, items)
    (tmp_path / "other.jpg").write_bytes(photo(segments, appended=other + image))
    assert read_depth_photo(tmp_path / "other.jpg") is None


def test_diopters_are_inverse_depth_and_no_unit_is_none(tmp_path):
    levels = np.array([[0, 255]], np.uint8)
    for units, near, far, kind, unit in [
        ("Diopters", 2.0, 0.125, "inverse_depth", "m"),
        ("None", 0.125, 2.0, "depth", None),
    ]:
        image = png(levels)
        said = {"Format": "RangeLinear", "Near": near, "Far": far, "Units": units, "DepthURI": "d"}
        content = photo(dynamic(said, [("p", 0), ("d", len(image))]), appended=image)
        (tmp_path / "a.jpg").write_bytes(content)
        depth = read_depth(tmp_path / "a.jpg")
        assert (depth.kind, depth.unit) == (kind, unit)
        np.testing.assert_allclose(depth.values, [[near, far]])


def test_distances_along_the_ray_need_a_camera(tmp_path):
    said = GDEPTH | {"MeasureType": "OpticRay", "Data": text(png(np.ones((2, 2), np.uint8)))}
    (tmp_path / "a.jpg").write_bytes(photo(packet(gdepth(said))))
    with pytest.raises(EncodingError, match="need the camera"):
        read_depth(tmp_path / "a.jpg")


def test_a_unit_that_is_not_stated_is_announced(tmp_path, capsys):
    said = GDEPTH | {"Data": text(png(quantised(scene(), "RangeInverse", 255)))}
    del said["Units"]
    path: Path = tmp_path / "a.jpg"
    path.write_bytes(photo(packet(gdepth(said))))
    code, out, _ = run(capsys, "info", path)
    assert code == 0
    assert "its unit is not stated: taken for metres" in out
    assert "float depth in metres, of RangeInverse as the photo says" in out
    assert plan([str(path)], Outputs(output=tmp_path / "out"))[0].target.name == "a.npy"


def test_photos_without_depth_are_none(tmp_path):
    for content in (photo(), photo(packet('xmpNote:HasExtendedXMP="0"'))):
        (tmp_path / "a.jpg").write_bytes(content)
        assert read_depth_photo(tmp_path / "a.jpg") is None
        with pytest.raises(FileError, match="photo without depth: give a portrait"):
            read_depth(tmp_path / "a.jpg")


def colours() -> bytes:
    image = io.BytesIO()
    Image.new("RGB", (8, 8), (255, 0, 0)).save(image, "JPEG")
    return image.getvalue()


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"Data": "!!!"}, "Only base64 data|Incorrect padding|non-base64"),
        ({"Data": text(b"no image")}, "not a PNG"),
        ({"Data": text(png(np.ones((9, 9), np.uint8))[:50])}, "damaged or cut off"),
        ({"Data": text(b"\xff\xd8\xff\xe0")}, "its image cannot be read"),
        ({"Data": text(colours())}, "its image is in colours"),
        ({}, "tells of depth, but holds none"),
        ({"Data": text(png(np.ones((2, 2), np.uint8))), "Near": "x"}, "could not convert"),
        ({"Data": text(png(np.ones((2, 2), np.uint8))), "Near": "inf"}, "its depth is from inf"),
        ({"Data": text(png(np.ones((2, 2), np.uint8))), "Near": 9}, "its depth is from 9 to 8"),
        ({"Data": text(png(np.ones((2, 2), np.uint8))), "Near": 0}, "format is RangeInverse from"),
        ({"Data": text(png(np.ones((2, 2), np.uint8))), "Format": "Cubic"}, "format is Cubic"),
        ({"Data": text(png(np.ones((2, 2), np.uint8))), "Far": None}, "it has no Far"),
    ],
)
def test_depth_that_is_none_is_refused_in_one_line(tmp_path, said, says):
    said = {name: value for name, value in (GDEPTH | said).items() if value is not None}
    (tmp_path / "a.jpg").write_bytes(photo(packet(gdepth(said))))
    with pytest.raises(FileError, match=says) as caught:
        read_depth(tmp_path / "a.jpg")
    assert "\n" not in str(caught.value)


def test_damaged_jpegs_are_refused(tmp_path):
    whole = photo(packet(gdepth(GDEPTH)))
    for content, says in [
        (b"", "not a JPEG"),
        (png(np.ones((2, 2), np.uint8)), "not a JPEG"),
        (whole[:40], "a JPEG segment is cut off"),
        (whole[:4] + b"\0\x08" + whole[6:], "no JPEG segment begins at byte 12"),
        (photo(b"<x"), "its XMP is damaged"),
        (photo(b"<!DOCTYPE a><a/>"), "its XMP defines entities"),
    ]:
        (tmp_path / "a.jpg").write_bytes(content)
        with pytest.raises(FileError, match=says) as caught:
            read_depth(tmp_path / "a.jpg")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_that_is_grey_itself_is_read_with_a_warning(tmp_path, mode):
    levels = np.repeat(np.linspace(40, 200, 32).round().astype(np.uint8)[None], 24, axis=0)
    Image.fromarray(levels).convert(mode).save(tmp_path / "a.jpg", quality=95)
    depth = read_depth(tmp_path / "a.jpg")
    np.testing.assert_allclose(depth.values, levels, atol=4)
    assert depth.encoding == "levels"
    assert any("a JPEG changes levels" in note for note in depth.metadata.notes)


def test_a_photo_in_colours_without_depth_is_refused(tmp_path, rng):
    Image.fromarray(rng.integers(0, 255, (24, 32, 3), np.uint8)).save(tmp_path / "a.jpg")
    with pytest.raises(FileError, match="a photo without depth: give a portrait, or a depth file"):
        read_depth(tmp_path / "a.jpg")


PHOTO = {"Format": "RangeLinear", "Near": 2, "Far": 10}
LEVELS = np.array([[0, 51, 255]], np.uint8)


@pytest.mark.parametrize(
    ("said", "values", "meaning"),
    [
        ({"Units": "m"}, [2, 3.6, 10], "depth in metres, of RangeLinear"),
        ({"Units": "Meters"}, [2, 3.6, 10], "depth in metres, of RangeLinear"),
        ({"Units": "MM"}, [0.002, 0.0036, 0.01], "depth in metres, of RangeLinear"),
        ({"Units": "feet"}, [2, 3.6, 10], "depth, of RangeLinear"),
        ({"Units": "m", "Format": "rangeLINEAR"}, [2, 3.6, 10], "depth in metres, of rangeLINEAR"),
        ({"Units": "m", "Format": None}, [2, 20 / 8.4, 10], "depth in metres, of RangeInverse"),
        (
            {"Units": "m", "Format": "RANGEINVERSE", "Near": 1},
            [1, 10 / 8.2, 10],
            "depth in metres, of RANGEINVERSE",
        ),
        ({"Units": "m", "Near": 0}, [0, 2, 10], "depth in metres, of RangeLinear"),
        (
            {"Units": "m", "MeasureType": "OpticalAxis"},
            [2, 3.6, 10],
            "depth in metres, of RangeLinear",
        ),
        (
            {"Units": "m", "MeasureType": "OpticRay"},
            [2, 3.6, 10],
            "depth in metres, along the ray, of RangeLinear",
        ),
        (
            {"Units": "x", "MeasureType": "OpticalRay"},
            [2, 3.6, 10],
            "depth, along the ray, of RangeLinear",
        ),
        (
            {"Units": "diopters", "Near": 10, "Far": 2},
            [10, 8.4, 2],
            "inverse depth per metre, of RangeLinear",
        ),
        (
            {"Units": "Diopters", "MeasureType": "OpticRay"},
            [2, 3.6, 10],
            "inverse depth per metre, along the ray, of RangeLinear",
        ),
        ({}, [2, 3.6, 10], "depth in metres, of RangeLinear"),
    ],
)
@pytest.mark.parametrize("google", ["GDepth", "Dynamic Depth"])
def test_what_a_photo_says_is_what_its_numbers_mean(tmp_path, said, values, meaning, google):
    said = {name: value for name, value in (PHOTO | said).items() if value is not None}
    image = png(LEVELS)
    if google == "GDepth":
        content = photo(packet(gdepth(said | {"Data": text(image)})))
    else:
        listed = [("p", 0), ("d", len(image))]
        content = photo(dynamic(said | {"DepthURI": "d"}, listed), appended=image)
    (tmp_path / "a.jpg").write_bytes(content)
    stored = read_depth_photo(tmp_path / "a.jpg")
    assert stored.numbers.dtype == np.float32
    np.testing.assert_allclose(stored.numbers, [values], rtol=1e-6)
    encoding = stored.encoding
    assert encoding.meaning == f"float {meaning} as the photo says"
    inverse = "inverse" in meaning
    assert encoding.kind == ("inverse_depth" if inverse else "depth")
    assert encoding.unit == ("m" if "metre" in meaning else None)
    assert encoding.along_ray is ("ray" in meaning and not inverse)
    assert (math.isnan(encoding.invalid), encoding.zero_is_value) == (True, True)
    unsaid = ("its unit is not stated: taken for metres",)
    assert stored.notes == (() if "Units" in said else unsaid)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"Near": None, "Far": None}, "it has no Near"),
        ({"Far": None}, "it has no Far"),
        ({"Near": 10}, "its depth is from 10 to 10"),
        ({"Near": 11}, "its depth is from 11 to 10"),
        ({"Near": -1}, "its depth is from -1 to 10"),
        ({"Far": -1}, "its depth is from 2 to -1"),
        ({"Far": "inf"}, "its depth is from 2 to inf"),
        ({"Near": "nan"}, "its depth is from nan to 10"),
        ({"Near": 0, "Format": "RangeInverse"}, "its format is RangeInverse from 0 to 10"),
        ({"Far": 0, "Format": "RangeInverse", "Units": "diopters"}, "RangeInverse from 2 to 0"),
        ({"Format": "Cubic"}, "its format is Cubic from 2 to 10"),
        ({"Data": None}, "its XMP tells of depth, but holds none"),
    ],
)
def test_what_a_photo_cannot_mean_is_said_in_full(tmp_path, said, says):
    given = PHOTO | {"Data": text(png(LEVELS))} | said
    given = {name: value for name, value in given.items() if value is not None}
    path = tmp_path / "a.jpg"
    path.write_bytes(photo(packet(gdepth(given))))
    says = says if says.startswith("it") else f"its format is {says}"
    with pytest.raises(
        FileError, match="^" + re.escape(f"{path} is damaged, or its depth is: {says}") + "$"
    ):
        read_depth_photo(path)


def test_properties_of_dynamic_depth_may_be_elements_and_the_first_packet_counts(tmp_path):
    image = png(LEVELS)
    listed = (
        '<Container:Directory><rdf:Seq><rdf:li Item:DataURI="p" Item:Length="7"/>'
        f'<rdf:li Item:DataURI="d" Item:Length="0"/><rdf:li Item:DataURI="o"/>'
        f"<rdf:li><Item:DataURI> d </Item:DataURI><Item:Length>{len(image)}</Item:Length></rdf:li>"
        "</rdf:Seq></Container:Directory>"
    )
    values = {"Near": 2, "Far": 4, "Format": "RangeLinear", "DepthURI": "d", "Units": "m"}
    values["ItemSemantic"] = "Depth"
    elements = "".join(f"<DepthMap:{k}> {v} </DepthMap:{k}>" for k, v in values.items())
    content = photo(
        packet(
            "",
            f"{listed}<Camera:DepthMap><rdf:Description>{elements}</rdf:Description>"
            "</Camera:DepthMap>",
        ),
        packet('DepthMap:DepthURI="nothing"'),
        appended=image,
    )
    (tmp_path / "a.jpg").write_bytes(content)
    np.testing.assert_allclose(read_depth_photo(tmp_path / "a.jpg").numbers, [[2, 2.4, 4]])


@pytest.mark.parametrize(
    ("items", "padding", "says"),
    [
        ([("d", 10)], 0, "its container lists no d"),
        ([("p", 0), ("d", 0)], 0, "its container lists no d"),
        ([("p", 0), ("q", -1), ("d", 10)], 0, "its container lists no d"),
        ([("p", 0), ("e", 10)], 0, "its container lists no d"),
        ([("p", 0), ("d", 10**6)], 0, "d lies outside the file"),
        ([("p", 0), ("d", 10)], -(10**6), "d lies outside the file"),
        ([("p", 0), ("d", 10)], -1, "d lies outside the file"),
        ([("p", 0), ("d", 10)], 10**6, "d lies outside the file"),
    ],
)
def test_items_that_are_not_there_are_refused(tmp_path, items, padding, says):
    path = tmp_path / "a.jpg"
    path.write_bytes(photo(dynamic(PHOTO | {"DepthURI": "d"}, items, padding), appended=b"x" * 50))
    with pytest.raises(
        FileError, match="^" + re.escape(f"{path} is damaged, or its depth is: {says}") + "$"
    ):
        read_depth_photo(path)


def test_gdepth_of_an_extension_adds_to_what_the_photo_says(tmp_path):
    data = text(png(LEVELS))
    main = packet(gdepth(PHOTO | {"Units": "m"}))
    more = packet(gdepth({"Data": f" {data[:9]}\n {data[9:]} ", "Near": 9, "Far": 99}))
    (tmp_path / "a.jpg").write_bytes(photo(main, extended=more))
    np.testing.assert_allclose(read_depth_photo(tmp_path / "a.jpg").numbers, [[2, 3.6, 10]])


def test_pictures_that_are_no_depth_are_refused_in_full(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"GIF89a")
    with pytest.raises(FileError, match=f"^{re.escape(str(path))} is not a JPEG, whatever its "):
        read_depth_photo(path)
    path.write_bytes(colours())
    says = f"{path} is a photo without depth: give a portrait, or a depth file"
    with pytest.raises(FileError, match=f"^{re.escape(says)}$"):
        read_photo(path)
    path.write_bytes(photo(packet(gdepth(PHOTO | {"Data": text(colours())}))))
    says = "damaged, or its depth is: its image is in colours, which stand for no depth"
    with pytest.raises(FileError, match=f"{re.escape(says)}$"):
        read_photo(path)


def test_a_grey_jpeg_says_what_jpegs_do_to_levels(tmp_path):
    Image.fromarray(np.full((8, 8), 77, np.uint8)).save(tmp_path / "a.jpg")
    stored = read_photo(tmp_path / "a.jpg")
    assert (stored.numbers.dtype, stored.encoding) == (np.uint8, None)
    assert (stored.numbers == 77).all()
    assert stored.notes == (
        "a JPEG changes levels, most of all beside edges, and blurs what was a hole: give a PNG of "
        "the map if there is one",
    )
