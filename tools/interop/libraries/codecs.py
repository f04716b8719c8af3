"""Libraries that code and decode pictures: pypng, libvips, imagecodecs, FFmpeg, Matplotlib."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.interop.library import Library, Reader, writers
from tools.interop.numbers import SHAPE

__all__ = ["CODECS"]

Array = NDArray[Any]


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


CODECS = (
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
