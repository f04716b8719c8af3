"""Libraries for pictures: Pillow, OpenCV, imageio, scikit-image."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.interop.library import Library, Reader, writers

__all__ = ["PICTURES"]

Array = NDArray[Any]


def _pillow_write(path: Path, numbers: Array) -> None:
    from PIL import Image

    Image.fromarray(numbers).save(path)


def _pillow_lzw(path: Path, numbers: Array) -> None:
    from PIL import Image

    Image.fromarray(numbers).save(path, compression="tiff_lzw")


def _pillow_deflate(path: Path, numbers: Array) -> None:
    from PIL import Image

    Image.fromarray(numbers).save(path, compression="tiff_adobe_deflate")


def _pillow_read(path: Path) -> Array:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture)


def _opencv_write(path: Path, numbers: Array) -> None:
    import cv2

    if not cv2.imwrite(str(path), numbers):
        raise OSError("imwrite returned False")


def _opencv_read(path: Path) -> Array:
    # Without it, its EXR support is off.
    os.environ["OPENCV_IO_ENABLE_OPENEXR"] = "1"
    import cv2

    numbers = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if numbers is None:
        raise OSError("imread returned None")
    return np.asarray(numbers)


def _opencv_exr(path: Path, numbers: Array) -> None:
    os.environ["OPENCV_IO_ENABLE_OPENEXR"] = "1"
    _opencv_write(path, numbers)


def _imageio_write(path: Path, numbers: Array) -> None:
    import imageio.v3

    imageio.v3.imwrite(path, numbers)


def _imageio_read(path: Path) -> Array:
    import imageio.v3

    return np.asarray(imageio.v3.imread(path))


def _skimage_write(path: Path, numbers: Array) -> None:
    from skimage.io import imsave

    imsave(path, numbers, check_contrast=False)


def _skimage_read(path: Path) -> Array:
    from skimage.io import imread

    return np.asarray(imread(path))


_OPENCV = (
    *writers(".png", "uint8 uint16", _opencv_write, layouts=("", "cropped view")),
    *writers(".pgm", "uint8 uint16", _opencv_write),
    *writers(".pfm", "float32", _opencv_write, layouts=("", "transposed view")),
    *writers(".tif", "uint8 uint16 int16 int32 float32 float64", _opencv_write, "LZW"),
)
_OPENCV_READS = tuple(
    Reader(suffix=suffix, read=_opencv_read) for suffix in (".png", ".pgm", ".pfm", ".tif")
)

PICTURES = (
    Library(
        name="Pillow",
        distribution="pillow",
        module="PIL",
        writers=(
            *writers(".png", "uint8 uint16", _pillow_write, layouts=("", "transposed view")),
            *writers(".pgm", "uint8 uint16", _pillow_write),
            *writers(".pfm", "float32", _pillow_write),
            *writers(
                ".tif", "uint8 uint16 int32 float32", _pillow_write, layouts=("", "cropped view")
            ),
            *writers(".tif", "uint16 float32", _pillow_lzw, "LZW"),
            *writers(".tif", "uint16 float32", _pillow_deflate, "Deflate"),
        ),
        readers=tuple(
            Reader(suffix=suffix, read=_pillow_read) for suffix in (".png", ".pgm", ".pfm", ".tif")
        ),
    ),
    Library(
        name="OpenCV 4",
        distribution="opencv-python-headless",
        module="cv2",
        writers=(*_OPENCV, *writers(".exr", "float32", _opencv_exr)),
        readers=(
            *_OPENCV_READS,
            Reader(
                suffix=".exr", read=_opencv_read, differs={"float32": "0: Z counts for nothing"}
            ),
        ),
    ),
    Library(
        name="OpenCV 5",
        distribution="opencv-contrib-python-headless",
        module="cv2",
        writers=_OPENCV,
        readers=_OPENCV_READS,
    ),
    Library(
        name="imageio",
        distribution="imageio",
        module="imageio",
        writers=(
            *writers(".png", "uint8 uint16", _imageio_write),
            *writers(".tif", "uint8 uint16 int16 float32 float64", _imageio_write),
        ),
        readers=tuple(
            Reader(suffix=suffix, read=_imageio_read) for suffix in (".png", ".pgm", ".tif")
        ),
    ),
    Library(
        name="scikit-image",
        distribution="scikit-image",
        module="skimage",
        writers=(
            *writers(".png", "uint8 uint16", _skimage_write),
            *writers(".tif", "uint8 uint16 float32", _skimage_write),
        ),
        readers=tuple(
            Reader(suffix=suffix, read=_skimage_read) for suffix in (".png", ".pgm", ".tif")
        ),
    ),
)
"""Each by its name."""
