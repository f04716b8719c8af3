"""Depth in JPEG photos of Android's cameras.

Sources: Google's "Depth Map Metadata" (GDepth: a PNG or JPEG as base64 in XMP, which may be
extended), with its formulas for RangeLinear and RangeInverse; Google's "Dynamic Depth" 1.0 (an
image appended to the photo, and listed by a container in XMP).
"""

from __future__ import annotations

import base64
import binascii
import math
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.encoding import Encoding
from dsdmsr.errors import FileError
from dsdmsr.io.checks import single_line
from dsdmsr.io.jpeg_segments import end_of_picture, is_jpeg, xmp_packets
from dsdmsr.io.png import unpack_png
from dsdmsr.io.stored import Stored
from dsdmsr.io.xmp import parse_xmp, xmp_properties

__all__ = ["read_depth_photo", "read_photo"]

_GDEPTH = "http://ns.google.com/photos/1.0/depthmap/"
_DYNAMIC = "http://ns.google.com/photos/dd/1.0/depthmap/"
_ITEM = "http://ns.google.com/photos/dd/1.0/item/"
_GREY, _NEARLY = 128, 4
"""What a JPEG has for no colour, and how far from it rounding leads."""
_LOSSY = (
    "a JPEG changes levels, most of all beside edges, and blurs what was a hole: give a PNG of the "
    "map if there is one"
)
_PER_METRE = {"m": 1.0, "meters": 1.0, "mm": 1000.0}


class _ColoursError(ValueError):
    """A picture whose colours differ, where grey levels are wanted."""


def read_photo(path: Path) -> Stored:
    """Return the depth of a photo, float32; or the levels of a JPEG that is grey itself, uint8.

    Raises:
        FileError: As `read_depth_photo`, or if the photo has no depth and is in colours.
    """
    stored = read_depth_photo(path)
    if stored is not None:
        return stored
    try:
        return Stored(numbers=_levels(path.read_bytes(), path), notes=(_LOSSY,))
    except _ColoursError as error:
        raise FileError(
            f"{path} is a photo without depth: give a portrait, or a depth file"
        ) from error
    except ValueError as error:
        raise FileError(f"{path} is damaged: {single_line(error)}") from error


def read_depth_photo(path: Path) -> Stored | None:
    """Return the depth of a photo, float32, or None if it has none.

    Raises:
        FileError: If the file is no JPEG, or its depth is damaged.
    """
    content = path.read_bytes()
    if not is_jpeg(content):
        raise FileError(f"{path} is not a JPEG, whatever its name says")
    try:
        packets = [parse_xmp(packet) for packet in xmp_packets(content)]
        # A photo of GDepth says in its XMP how, and in the extension what.
        said: dict[str, str] = {}
        for packet in packets:
            said = xmp_properties(packet, _GDEPTH) | said
        if "Data" in said:
            image = base64.b64decode("".join(said["Data"].split()), validate=True)
            return _stored(_levels(image, path), said)
        if "Format" in said:
            raise ValueError("its XMP tells of depth, but holds none")
        for packet in packets:
            for element in packet.iter():
                depth_map = _own(element, _DYNAMIC)
                if "DepthURI" in depth_map and depth_map.get("ItemSemantic", "Depth") == "Depth":
                    image = _appended(content, packet, depth_map["DepthURI"])
                    return _stored(_levels(image, path), depth_map)
    except (ValueError, binascii.Error) as error:
        summary = single_line(error)
        raise FileError(f"{path} is damaged, or its depth is: {summary}") from error
    return None


def _own(element: Element, namespace: str) -> dict[str, str]:
    """Return the properties of a namespace of one element: its attributes and children."""
    start = f"{{{namespace}}}"
    found = {k[len(start) :]: v for k, v in element.attrib.items() if k.startswith(start)}
    for child in element:
        if child.tag.startswith(start) and child.text and not len(child):
            found[child.tag[len(start) :]] = child.text.strip()
    return found


def _appended(content: bytes, packet: Element, uri: str) -> bytes:
    """Return the item of a container that has a URI; the first item is the photo itself."""
    listed = [own for element in packet.iter() if (own := _own(element, _ITEM))]
    sizes = [int(item.get("Length", 0)) for item in listed]
    wanted = [k for k, item in enumerate(listed) if item.get("DataURI") == uri and sizes[k] > 0]
    if not wanted or wanted[0] == 0 or min(sizes) < 0:
        raise ValueError(f"its container lists no {uri}")
    number = wanted[0]
    picture = end_of_picture(content)
    start = picture + int(listed[0].get("Padding", 0)) + sum(sizes[1:number])
    end = start + sizes[number]
    if not picture <= start < end <= len(content):
        raise ValueError(f"{uri} lies outside the file")
    return content[start:end]


def _levels(image: bytes, path: Path) -> NDArray[Any]:
    """Return the grey levels of an image of depth, uint8 or uint16."""
    from PIL import Image

    if not is_jpeg(image):
        return unpack_png(image, Path(f"the depth of {path}")).numbers
    try:
        with Image.open(BytesIO(image), formats=["JPEG"]) as picture:
            if picture.mode == "L":
                return np.asarray(picture)
            picture.draft("YCbCr", picture.size)
            numbers = np.asarray(picture)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"its image cannot be read: {error}") from error
    if picture.mode != "YCbCr" or (np.abs(numbers[..., 1:].astype(int) - _GREY) > _NEARLY).any():
        raise _ColoursError("its image is in colours, which stand for no depth")
    return numbers[..., 0]


def _stored(levels: NDArray[Any], said: dict[str, str]) -> Stored:
    """Return what grey levels mean, by the properties of GDepth or of Dynamic Depth."""
    form, units = said.get("Format", "RangeInverse"), said.get("Units", "m")
    missing = [name for name in ("Near", "Far") if name not in said]
    if missing:
        raise ValueError(f"it has no {missing[0]}")
    near, far = float(said["Near"]), float(said["Far"])
    diopters = units.lower() == "diopters"
    if not (math.isfinite(near) and math.isfinite(far)) or min(near, far) < 0 or near == far:
        raise ValueError(f"its depth is from {near:g} to {far:g}")
    if near > far and not diopters:
        raise ValueError(f"its depth is from {near:g} to {far:g}")
    share = levels.astype(np.float64) / np.iinfo(levels.dtype).max
    if form.lower() == "rangelinear":
        values = near + share * (far - near)
    elif form.lower() == "rangeinverse" and min(near, far) > 0:
        values = far * near / (far - share * (far - near))
    else:
        raise ValueError(f"its format is {form} from {near:g} to {far:g}")
    per_metre = _PER_METRE.get(units.lower())
    notes = () if "Units" in said else ("its unit is not stated: taken for metres",)
    along_ray = said.get("MeasureType", "OpticalAxis") in ("OpticRay", "OpticalRay")
    return Stored(
        numbers=np.asarray(values / (per_metre or 1), np.float32),
        encoding=_encoding(form, diopters, per_metre is not None, along_ray),
        notes=notes,
    )


def _encoding(form: str, diopters: bool, metric: bool, along_ray: bool) -> Encoding:
    name = "inverse depth per metre" if diopters else "depth in metres" if metric else "depth"
    ray = ", along the ray" if along_ray else ""
    return Encoding(
        meaning=f"float {name}{ray}, of {form} as the photo says",
        kind="inverse_depth" if diopters else "depth",
        unit="m" if metric or diopters else None,
        invalid=math.nan,
        zero_is_value=True,
        along_ray=along_ray and not diopters,
    )
