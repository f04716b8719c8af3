"""Libraries for pictures: Pillow, OpenCV, imageio, scikit-image, libvips, FFmpeg and others."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.interop.library import Library, Reader, writers
from tools.interop.numbers import SHAPE

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


def _pypng_write(path: Path, numbers: Array) -> None:
    import png

    bits = 8 * numbers.dtype.itemsize
    png.from_array(numbers.tolist(), f"L;{bits}").save(path)


def _pypng_read(path: Path) -> Array:
    import png

    _, _, rows, about = png.Reader(filename=str(path)).read()
    return np.array(list(map(list, rows)), f"uint{about['bitdepth']}")


def _pypng_interlaced(path: Path, numbers: Array) -> None:
    import png

    height, width = numbers.shape
    bits = 8 * numbers.dtype.itemsize
    writer = png.Writer(width, height, greyscale=True, bitdepth=bits, interlace=True)
    with path.open("wb") as file:
        writer.write(file, numbers.tolist())


def _vips_write(path: Path, numbers: Array) -> None:
    import pyvips

    pyvips.Image.new_from_array(numbers).write_to_file(str(path))


def _vips_grey16(path: Path, numbers: Array) -> None:
    import pyvips

    picture = pyvips.Image.new_from_array(numbers).copy(interpretation="grey16")
    picture.write_to_file(str(path))


def _vips_tiles(path: Path, numbers: Array) -> None:
    import pyvips

    picture = pyvips.Image.new_from_array(numbers)
    picture.tiffsave(str(path), tile=True, pyramid=True, compression="deflate")


def _vips_read(path: Path) -> Array:
    import pyvips

    return np.asarray(pyvips.Image.new_from_file(str(path)).numpy())


def _imagecodecs_png(path: Path, numbers: Array) -> None:
    import imagecodecs

    path.write_bytes(imagecodecs.png_encode(numbers))


def _imagecodecs_read(path: Path) -> Array:
    import imagecodecs

    return np.asarray(imagecodecs.imread(path))


_FFMPEG = {"uint8": "gray", "uint16": "gray16le", "float32": "grayf32le"}


def _ffmpeg(*arguments: str, given: bytes | None = None) -> bytes:
    import imageio_ffmpeg

    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *arguments]
    done = subprocess.run(command, input=given, capture_output=True)
    if done.returncode:
        raise OSError(done.stderr.decode(errors="replace"))
    return done.stdout


def _ffmpeg_write(path: Path, numbers: Array) -> None:
    height, width = numbers.shape
    raw = ("-f", "rawvideo", "-pix_fmt", _FFMPEG[numbers.dtype.name], "-s", f"{width}x{height}")
    _ffmpeg(*raw, "-i", "-", "-frames:v", "1", "-y", str(path), given=numbers.tobytes())


def _ffmpeg_read(path: Path) -> Array:
    dtype = path.name.partition("_")[0].partition(".")[0]
    raw = _ffmpeg("-i", str(path), "-f", "rawvideo", "-pix_fmt", _FFMPEG[dtype], "-")
    return np.frombuffer(raw, dtype).reshape(SHAPE)


def _matplotlib_read(path: Path) -> Array:
    from matplotlib.image import imread

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
    Library(
        name="pypng",
        distribution="pypng",
        module="png",
        writers=(
            *writers(".png", "uint8 uint16", _pypng_write),
            *writers(".png", "uint8 uint16", _pypng_interlaced, "interlaced"),
        ),
        readers=(Reader(suffix=".png", read=_pypng_read),),
    ),
    Library(
        name="libvips",
        distribution="pyvips-binary",
        module="pyvips",
        writers=(
            *writers(".png", "uint8 uint16", _vips_write),
            *writers(".png", "uint16", _vips_grey16, "grey16"),
            *writers(".tif", "uint8 uint16 int16 float32 float64", _vips_write),
            *writers(".tif", "uint16 float32", _vips_tiles, "pyramid of tiles"),
        ),
        readers=tuple(Reader(suffix=suffix, read=_vips_read) for suffix in (".png", ".tif")),
        changes={
            "uint16.png": "16-bit arrays become PNGs of 8 bits, clipped at 255, unless their "
            "interpretation is set to grey16",
        },
    ),
    Library(
        name="imagecodecs",
        distribution="imagecodecs",
        module="imagecodecs",
        writers=writers(".png", "uint8 uint16", _imagecodecs_png),
        readers=(Reader(suffix=".png", read=_imagecodecs_read),),
    ),
    Library(
        name="FFmpeg 9.0 (imageio-ffmpeg)",
        distribution="imageio-ffmpeg",
        module="imageio_ffmpeg",
        writers=(
            *writers(".png", "uint8 uint16", _ffmpeg_write),
            *writers(".pgm", "uint8 uint16", _ffmpeg_write),
            *writers(".pfm", "float32", _ffmpeg_write),
            *writers(".tif", "uint8 uint16", _ffmpeg_write),
            *writers(".exr", "float32", _ffmpeg_write),
        ),
        readers=(
            *(Reader(suffix=suffix, read=_ffmpeg_read) for suffix in (".png", ".pgm", ".pfm")),
            Reader(suffix=".tif", read=_ffmpeg_read, differs={"float32": "no floats in TIFF"}),
            Reader(
                suffix=".exr",
                read=_ffmpeg_read,
                differs={"float32": "no channel but Y, or red, green, blue"},
            ),
        ),
    ),
    Library(
        name="Matplotlib",
        distribution="matplotlib",
        module="matplotlib",
        readers=(
            Reader(
                suffix=".png",
                read=_matplotlib_read,
                differs=dict.fromkeys(("uint8", "uint16"), "numbers from 0 to 1"),
            ),
        ),
    ),
)
"""Each by its name."""
