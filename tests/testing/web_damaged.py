"""Files that the page has to refuse: cut off, promising too much, or without depth."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from testing.web_maps import scene

from dsdmsr.io.pfm import write_pfm
from dsdmsr.io.pgm import write_pgm
from dsdmsr.io.png import write_png

__all__ = ["SIGNATURE", "chunk", "damaged_files", "whole_files"]

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(content: bytes) -> bytes:
    """Return a chunk of a PNG with its length and its checksum."""
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content))


def whole_files(folder: Path, rng: np.random.Generator) -> dict[str, bytes]:
    """Return the content of an honest file of each format."""
    mm = np.uint16(1000 * scene(rng, 23, 31))
    write_png(folder / "a.png", mm)
    write_pgm(folder / "a.pgm", mm)
    write_pfm(folder / "a.pfm", mm.astype(np.float32))
    np.save(folder / "a.npy", mm)
    return {name: (folder / name).read_bytes() for name in ("a.png", "a.pgm", "a.pfm", "a.npy")}


def _png(width: int, height: int, body: bytes, bits: int = 16, colour: int = 0) -> bytes:
    """Return a PNG whose checksums are right, whatever it promises."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return SIGNATURE + b"".join(map(chunk, (b"IHDR" + header, b"IDAT" + body, b"IEND")))


def damaged_files(folder: Path, rng: np.random.Generator) -> dict[str, bytes]:
    """Return the names and the content of more than 100 files that cannot be read."""
    honest = whole_files(folder, rng)
    files = _cut(honest) | _flipped(honest["a.png"]) | _promising(rng) | _saved(folder)
    files["behind.pgm"] = honest["a.pgm"] + b"P5 3 3 255\n123456789"
    files["huge.npy"] = honest["a.npy"].replace(b"(23, 31)", b"(99999, 999999)")
    others = (".tif", ".exr", ".npz", ".txt", "")
    return files | {f"other{suffix}": b"II*\0" for suffix in others}


def _cut(honest: dict[str, bytes]) -> dict[str, bytes]:
    """Return files that end too early, begin otherwise, or are of another format."""
    files = {}
    for name, content in honest.items():
        files |= {f"cut{k}_{name}": content[: len(content) * k // 12] for k in range(12)}
        files[f"short_{name}"] = content[:-3]
        files[f"magic_{name}"] = b"X" + content[1:]
        files[f"text_{name}"] = b"this is a text and no map of depth\n" * 9
        others = [other for other in honest if other != name]
        files |= {f"as_{other[2:]}_{name}": honest[other] for other in others}
    return files


def _flipped(png: bytes) -> dict[str, bytes]:
    """Return PNG files one byte of which is another."""
    files = {}
    for k in range(12):
        place = 8 + k * (len(png) - 20) // 12
        files[f"flipped{k}.png"] = png[:place] + bytes([png[place] ^ 85]) + png[place + 1 :]
    return files


def _promising(rng: np.random.Generator) -> dict[str, bytes]:
    """Return files whose headers promise other numbers than there are."""
    body = zlib.compress(bytes(23 * 63))
    return {
        "huge.png": _png(2**31 - 1, 2**31 - 1, body),
        "large.png": _png(60000, 60000, body),
        "more.png": _png(4000, 4000, body),
        "none.png": _png(0, 5, body),
        "taller.png": _png(31, 40, body),
        "lower.png": _png(31, 9, body),
        "bits.png": _png(31, 23, body, bits=7),
        "colour.png": _png(31, 23, body, colour=5),
        "noise.png": _png(31, 23, rng.bytes(200)),
        "unpacks.png": _png(31, 23, zlib.compress(bytes(10**8))),
        "nothing.png": _png(31, 23, b""),
        "huge.pgm": b"P5 999999999 999999999 255\n" + bytes(99),
        "most.pgm": b"P5 3 3 65536\n" + bytes(99),
        "words.pgm": b"P2 2 2 9\n1 2 3 x\n",
        "huge.pfm": b"Pf\n99999999 99999999\n-1\n" + bytes(99),
        "scale.pfm": b"Pf\n1 1\n0\n" + bytes(4),
    }


def _saved(folder: Path) -> dict[str, bytes]:
    """Return whole files without a map of depth."""
    arrays = {
        "nan": np.full((4, 4), np.nan),
        "zeros": np.zeros((4, 4)),
        "below": -np.ones((4, 4)),
        "text": np.array([["a", "b"]]),
        "complex": np.ones((2, 2), complex),
        "single": np.float32(2),
        "stack": np.ones((5, 6, 7)),
        "picture": np.ones((6, 7, 3)),
        "empty": np.ones((0, 7)),
        "objects": np.array([[None]]),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    write_png(folder / "black.png", np.zeros((5, 5), np.uint16))
    names = [*(f"{name}.npy" for name in arrays), "black.png"]
    return {name: (folder / name).read_bytes() for name in names}
