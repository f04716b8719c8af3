"""JPEG photos with depth, by Google's "Depth Map Metadata" and "Dynamic Depth" 1.0."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FAR", "NEAR", "appended_depth", "dynamic_depth", "gdepth", "xmp_depth"]

Array = NDArray[Any]
NEAR, FAR = 1.0, 8.0
_XMP, _EXTENSION = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_NAMES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" '
    'xmlns:GDepth="http://ns.google.com/photos/1.0/depthmap/" '
    + " ".join(
        f'xmlns:{name}="http://ns.google.com/photos/dd/1.0/{name.lower()}/"'
        for name in ("DepthMap", "Container", "Item", "Camera", "Device")
    )
)


def _packet(attributes: str, elements: str = "") -> bytes:
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {_NAMES}><rdf:Description rdf:about="" '
        f"{attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def _photo(packet: bytes, extension: bytes = b"") -> bytes:
    """Return a JPEG with XMP, and with extended XMP in parts."""
    from PIL import Image

    plain = io.BytesIO()
    Image.new("RGB", (128, 96), (90, 120, 60)).save(plain, "JPEG")
    digest, parts = hashlib.md5(extension).hexdigest().upper().encode(), [_XMP + packet]
    for at in range(0, len(extension), 65_400):
        place = struct.pack(">II", len(extension), at)
        parts.append(_EXTENSION + digest + place + extension[at : at + 65_400])
    content = plain.getvalue()
    segments = [b"\xff\xe1" + struct.pack(">H", 2 + len(part)) + part for part in parts]
    return content[:2] + b"".join(segments) + content[2:]


def _png(numbers: Array) -> bytes:
    import cv2

    return bytes(cv2.imencode(".png", numbers)[1].tobytes())


def gdepth(path: Path, numbers: Array) -> None:
    """Write a photo with 8-bit RangeInverse depth in extended XMP, as Google Camera did."""
    data = base64.b64encode(_png(numbers)).decode()
    extension = _packet(f'GDepth:Data="{data}"')
    said = {"Format": "RangeInverse", "Near": NEAR, "Far": FAR, "Mime": "image/png", "Units": "m"}
    attributes = " ".join(f'GDepth:{name}="{value}"' for name, value in said.items())
    digest = hashlib.md5(extension).hexdigest().upper()
    packet = _packet(f'{attributes} xmpNote:HasExtendedXMP="{digest}"')
    path.write_bytes(_photo(packet, extension))


def dynamic_depth(path: Path, numbers: Array) -> None:
    """Write a photo with 16-bit RangeLinear depth behind it, which its container lists."""
    image = _png(numbers)
    items = (("android/primary", "image/jpeg", 0), ("android/depthmap", "image/png", len(image)))
    listed = "".join(
        f'<rdf:li><Container:Item Item:Mime="{mime}" Item:DataURI="{uri}" Item:Length="{size}"/>'
        "</rdf:li>"
        for uri, mime, size in items
    )
    depth = (
        f'<Camera:DepthMap DepthMap:Format="RangeLinear" DepthMap:Near="{NEAR}" '
        f'DepthMap:Far="{FAR}" DepthMap:Units="Meters" DepthMap:DepthURI="android/depthmap"/>'
    )
    packet = _packet(
        "",
        f"<Device:Container><Container:Directory><rdf:Seq>{listed}</rdf:Seq>"
        "</Container:Directory></Device:Container><Device:Cameras><rdf:Seq><rdf:li>"
        f"{depth}</rdf:li></rdf:Seq></Device:Cameras>",
    )
    path.write_bytes(_photo(packet) + image)


def xmp_depth(path: Path) -> Array:
    """Return the depth of `gdepth`: its PNG by imagecodecs, its values by the formula."""
    found = re.search(rb'GDepth:Data="([^"]+)"', path.read_bytes())
    assert found is not None
    share = _levels(base64.b64decode(found[1])) / 255
    return np.asarray(FAR * NEAR / (FAR - share * (FAR - NEAR)), np.float32)


def appended_depth(path: Path) -> Array:
    """Return the depth of `dynamic_depth`: its PNG by imagecodecs, its values by the formula."""
    content = path.read_bytes()
    share = _levels(content[content.rindex(b"\x89PNG") :]) / 65535
    return np.asarray(NEAR + share * (FAR - NEAR), np.float32)


def _levels(image: bytes) -> Array:
    import imagecodecs

    return np.asarray(imagecodecs.png_decode(image), np.float64)
