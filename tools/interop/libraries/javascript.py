"""Packages for Node.js: what each does stands in worker.mjs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tools.interop.library import Library, Reader, Writer, writers

__all__ = ["JAVASCRIPT"]


def _in_node(path: Path, numbers: object = None) -> NDArray[Any]:
    """Stand for what runs in Node.js.

    Raises:
        NotImplementedError: Always.
    """
    raise NotImplementedError(f"{path}: see worker.mjs")


def _reads(suffix: str, dtypes: str, differs: dict[str, str] | None = None) -> tuple[Reader, ...]:
    return (
        Reader(suffix=suffix, read=_in_node, dtypes=tuple(dtypes.split()), differs=differs or {}),
    )


def _package(
    name: str, reads: tuple[Reader, ...], writes: tuple[Writer, ...] = (), module: str = ""
) -> Library:
    return Library(name=name, distribution=module or name, module="", writers=writes, readers=reads)


JAVASCRIPT = (
    _package("pngjs", _reads(".png", "uint8 uint16"), writers(".png", "uint8 uint16", _in_node)),
    _package("fast-png", _reads(".png", "uint8 uint16"), writers(".png", "uint8 uint16", _in_node)),
    _package(
        "sharp",
        (
            *_reads(
                ".png",
                "uint8 uint16",
                {"uint16": "colours of 8 bits, unless toColourspace('grey16') is called"},
            ),
            *_reads(".tif", "uint8 uint16 float32", {"uint16": "colours of 8 bits, as of PNG"}),
        ),
        writers(".png", "uint8 uint16", _in_node),
    ),
    _package(
        "geotiff.js",
        _reads(".tif", "uint8 uint16 float32"),
        writers(".tif", "uint8 uint16 float32", _in_node, "on the globe", heights=True),
        "geotiff",
    ),
    _package("tiff (image-js)", _reads(".tif", "uint8 uint16 float32"), module="tiff"),
    _package(
        "h5wasm",
        _reads(".h5", "uint8 uint16 float32"),
        writers(".h5", "uint8 uint16 float32", _in_node),
    ),
    _package("zarrita", _reads(".zarr", "uint8 uint16 float32")),
    _package("npyjs", _reads(".npy", "uint8 uint16 float32")),
    _package(
        "parse-exr", _reads(".exr", "float32", {"float32": "no channel but Y, or red, green, blue"})
    ),
)
"""Each by its name."""
