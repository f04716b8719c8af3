"""Libraries for rasters and renders: tifffile, GDAL, SimpleITK, OpenImageIO, OpenEXR, COLMAP."""

from __future__ import annotations

import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.interop.library import Library, Reader, writers
from tools.interop.numbers import LAYOUTS

__all__ = ["RASTERS"]

Array = NDArray[Any]


def _tifffile_write(path: Path, numbers: Array, **options: Any) -> None:
    import tifffile

    tifffile.imwrite(path, numbers, photometric="minisblack", **options)


def _tifffile_read(path: Path) -> Array:
    import tifffile

    return np.asarray(tifffile.imread(path))


def _rasterio_write(path: Path, numbers: Array, driver: str = "GTiff", **options: Any) -> None:
    import rasterio

    height, width = numbers.shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has no georeference
        with rasterio.open(
            path, "w", driver, width, height, 1, dtype=numbers.dtype.name, **options
        ) as file:
            file.write(numbers, 1)


def _rasterio_read(path: Path) -> Array:
    import rasterio

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(path) as file:
            return np.asarray(file.read(1))


def _simpleitk_write(path: Path, numbers: Array) -> None:
    import SimpleITK

    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(numbers), path)


def _simpleitk_read(path: Path) -> Array:
    import SimpleITK

    return np.asarray(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(path)))


def _oiio_write(path: Path, numbers: Array, channel: str = "Y", **attributes: Any) -> None:
    import OpenImageIO

    height, width = numbers.shape
    # A name that it doesn't know, such as float32, stands for 8 bits.
    named = {"float16": "half", "float32": "float", "float64": "double", "uint32": "uint"}
    dtype = named.get(numbers.dtype.name, numbers.dtype.name)
    spec = OpenImageIO.ImageSpec(width, height, 1, dtype)
    spec.channelnames = (channel,)
    for name, value in attributes.items():
        spec.attribute(name, value)
    out = OpenImageIO.ImageOutput.create(str(path))
    out.open(str(path), spec)
    if not out.write_image(numbers[..., None]):
        raise OSError(out.geterror())
    out.close()


def _oiio_read(path: Path) -> Array:
    import OpenImageIO

    found = OpenImageIO.ImageInput.open(str(path))
    if found is None:
        raise OSError(OpenImageIO.geterror())
    numbers = found.read_image(found.spec().format)
    found.close()
    return np.asarray(numbers)[..., 0]


def _openexr_write(
    path: Path, numbers: Array, channel: str = "Z", compression: str = "ZIP"
) -> None:
    import OpenEXR

    header = {
        "compression": getattr(OpenEXR, f"{compression}_COMPRESSION"),
        "type": OpenEXR.scanlineimage,
    }
    with OpenEXR.File(header, {channel: numbers}) as file:
        file.write(str(path))


def _openexr_read(path: Path) -> Array:
    import OpenEXR

    with OpenEXR.File(str(path)) as file:
        (channel,) = file.channels().values()
        return np.asarray(channel.pixels)


def _pycolmap_write(path: Path, numbers: Array) -> None:
    import pycolmap

    near, far = float(np.nanmin(numbers)), float(np.nanmax(numbers))
    pycolmap.DepthMap.from_array(numbers, near, far).write(path)


def _pycolmap_read(path: Path) -> Array:
    import pycolmap

    depth = pycolmap.DepthMap()
    depth.read(path)
    return np.asarray(depth.to_array())


_TYPES = "uint8 uint16 int16 int32 uint32 float16 float32 float64"
_TILES = {"tile": (16, 16)}
_TIFFFILE = (
    *writers(".tif", _TYPES, _tifffile_write),
    *writers(".tif", "uint16 float32", _tifffile_write, layouts=tuple(LAYOUTS)[1:]),
    *writers(".tif", "uint16", partial(_tifffile_write, byteorder=">"), "big-endian file"),
    *writers(".tif", "float32", partial(_tifffile_write, byteorder=">"), "big-endian file"),
    *writers(".tif", "uint16 float32", partial(_tifffile_write, bigtiff=True), "BigTIFF"),
    *(
        writer
        for name in ("zlib", "lzw", "zstd", "lzma", "packbits", "deflate")
        for writer in writers(
            ".tif", "uint16 float32", partial(_tifffile_write, compression=name), name
        )
    ),
    *(
        writer
        for name in ("zlib", "lzw", "zstd")
        for writer in writers(
            ".tif",
            "uint16 float32",
            partial(_tifffile_write, compression=name, predictor=True, **_TILES),
            f"{name}, predictor, tiles",
        )
    ),
)
_GDAL = (
    *writers(".tif", "uint8 uint16 int16 int32 uint32 float32 float64", _rasterio_write),
    *(
        writer
        for name in ("deflate", "lzw", "zstd", "packbits", "lerc")
        for writer in writers(
            ".tif", "uint16 float32", partial(_rasterio_write, compress=name), name
        )
    ),
    *writers(
        ".tif",
        "uint16 float32",
        partial(_rasterio_write, driver="COG", compress="deflate", predictor="yes", blocksize=128),
        "COG, predictor",
    ),
    *writers(".png", "uint8 uint16", partial(_rasterio_write, driver="PNG")),
)

RASTERS = (
    Library(
        name="tifffile",
        distribution="tifffile",
        module="tifffile",
        writers=_TIFFFILE,
        readers=(Reader(suffix=".tif", read=_tifffile_read),),
    ),
    Library(
        name="rasterio (GDAL)",
        distribution="rasterio",
        module="rasterio",
        writers=_GDAL,
        readers=tuple(
            Reader(suffix=suffix, read=_rasterio_read) for suffix in (".png", ".pgm", ".tif")
        ),
    ),
    Library(
        name="SimpleITK",
        distribution="SimpleITK",
        module="SimpleITK",
        writers=(
            *writers(".png", "uint8 uint16", _simpleitk_write),
            *writers(".tif", "uint8 uint16 int16 float32", _simpleitk_write),
        ),
        readers=tuple(Reader(suffix=suffix, read=_simpleitk_read) for suffix in (".png", ".tif")),
    ),
    Library(
        name="OpenImageIO",
        distribution="OpenImageIO",
        module="OpenImageIO",
        writers=(
            *writers(".png", "uint8 uint16", _oiio_write),
            *writers(".tif", "uint8 uint16 int16 uint32 float16 float32 float64", _oiio_write),
            *writers(".pgm", "uint8 uint16", _oiio_write),
            *writers(".exr", "float16 float32", _oiio_write, "Y"),
            *writers(".exr", "float16 float32", partial(_oiio_write, channel="Z"), "Z"),
            *writers(
                ".exr",
                "float32",
                partial(_oiio_write, channel="Z", compression="zips", tile_width=16),
                "Z, ZIPS",
            ),
        ),
        readers=(
            *(
                Reader(suffix=suffix, read=_oiio_read)
                for suffix in (".png", ".pgm", ".tif", ".exr")
            ),
            Reader(suffix=".pfm", read=_oiio_read, differs={"float32": "upside down"}),
        ),
    ),
    Library(
        name="OpenEXR",
        distribution="OpenEXR",
        module="OpenEXR",
        writers=(
            *writers(".exr", "float16 float32 uint32", _openexr_write),
            *writers(".exr", "float32", partial(_openexr_write, channel="Y"), "Y"),
            *writers(".exr", "float32", partial(_openexr_write, channel="Depth.Z"), "Depth.Z"),
            *(
                writer
                for name in ("NO", "RLE", "ZIPS", "PIZ", "PXR24", "B44", "HTJ2K32")
                for writer in writers(
                    ".exr",
                    "float32",
                    partial(_openexr_write, compression=name),
                    f"{name} compression",
                )
            ),
            *writers(".exr", "float32", _openexr_write, layouts=tuple(LAYOUTS)[1:3]),
        ),
        readers=(Reader(suffix=".exr", read=_openexr_read),),
        changes={
            "float32_PXR24_compression.exr": "PXR24 keeps 24 bits of a float",
            **dict.fromkeys(
                (
                    "float32_cropped_view.exr",
                    "float32_transposed_view.exr",
                ),
                "arrays that aren't contiguous are written as though they were",
            ),
        },
    ),
    Library(
        name="pycolmap",
        distribution="pycolmap",
        module="pycolmap",
        writers=writers(".bin", "float32", _pycolmap_write, layouts=("", "transposed view")),
        readers=(Reader(suffix=".bin", read=_pycolmap_read),),
    ),
)
"""Each by its name."""
