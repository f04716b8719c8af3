"""Programs for scenes: Open3D, VTK, Mitsuba, Blender."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.interop.library import Library, Reader, Writer, writers
from tools.interop.numbers import SHAPE

__all__ = ["SCENES"]

Array = NDArray[Any]


def _open3d_write(path: Path, numbers: Array) -> None:
    import open3d

    if not open3d.io.write_image(str(path), open3d.geometry.Image(numbers)):
        raise OSError("write_image returned False")


def _open3d_read(path: Path) -> Array:
    import open3d

    return np.asarray(open3d.io.read_image(str(path)))


def _open3d_tensor_write(path: Path, numbers: Array) -> None:
    import open3d

    if not open3d.t.io.write_image(str(path), open3d.t.geometry.Image(numbers)):
        raise OSError("write_image returned False")


_VTK_FORMATS = {".png": "PNG", ".tif": "TIFF", ".pgm": "PNM"}


def _vtk_write(path: Path, numbers: Array) -> None:
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    picture = vtk.vtkImageData()
    picture.SetDimensions(numbers.shape[1], numbers.shape[0], 1)
    # Its rows go up.
    picture.GetPointData().SetScalars(numpy_to_vtk(numbers[::-1].ravel(), deep=True))
    writer = getattr(vtk, f"vtk{_VTK_FORMATS[path.suffix]}Writer")()
    writer.SetFileName(str(path))
    writer.SetInputData(picture)
    writer.Write()


def _vtk_read(path: Path) -> Array:
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    reader = getattr(vtk, f"vtk{_VTK_FORMATS[path.suffix]}Reader")()
    reader.SetFileName(str(path))
    reader.Update()
    picture = reader.GetOutput()
    width, height, _ = picture.GetDimensions()
    numbers = vtk_to_numpy(picture.GetPointData().GetScalars())
    return np.asarray(numbers.reshape(height, width, -1)[::-1, :, 0])


def _mitsuba() -> Any:
    import mitsuba

    mitsuba.set_variant("scalar_rgb")
    return mitsuba


def _mitsuba_write(path: Path, numbers: Array) -> None:
    _mitsuba().Bitmap(numbers).write(str(path))


def _mitsuba_read(path: Path) -> Array:
    return np.asarray(_mitsuba().Bitmap(str(path))).reshape(SHAPE)


def _blender_write(path: Path, numbers: Array, form: str = "OPEN_EXR") -> None:
    import bpy

    height, width = numbers.shape
    picture = bpy.data.images.new("depth", width, height, float_buffer=True, is_data=True)
    pixels = np.repeat(numbers[::-1, :, None], 4, axis=2).astype(np.float32)
    pixels[..., 3] = 1
    picture.pixels.foreach_set(pixels.ravel())
    settings = bpy.context.scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = form, "RGB", "32"
    picture.save_render(str(path))


def _blender_read(path: Path) -> Array:
    import bpy

    picture = bpy.data.images.load(str(path))
    picture.colorspace_settings.name = "Non-Color"
    pixels = np.empty(picture.size[0] * picture.size[1] * 4, np.float32)
    picture.pixels.foreach_get(pixels)
    return np.asarray(pixels.reshape(picture.size[1], picture.size[0], 4)[::-1, :, 0])


_OPEN3D_WRITES: tuple[Writer, ...] = (
    *writers(".png", "uint8 uint16", _open3d_write),
    *writers(".png", "uint16", _open3d_tensor_write, "tensor"),
)
_OPEN3D_READS = (Reader(suffix=".png", read=_open3d_read),)

SCENES = (
    Library(
        name="Open3D 0.19",
        distribution="open3d",
        module="open3d",
        writers=_OPEN3D_WRITES,
        readers=_OPEN3D_READS,
    ),
    Library(
        name="Open3D 0.20",
        distribution="open3d",
        module="open3d",
        writers=_OPEN3D_WRITES,
        readers=_OPEN3D_READS,
    ),
    Library(
        name="VTK",
        distribution="vtk",
        module="vtk",
        writers=(
            *writers(".png", "uint8 uint16", _vtk_write),
            *writers(".tif", "uint8 uint16 float32", _vtk_write),
            *writers(".pgm", "uint8", _vtk_write),
        ),
        readers=(
            Reader(suffix=".png", read=_vtk_read),
            Reader(
                suffix=".tif",
                read=_vtk_read,
                differs=dict.fromkeys(
                    ("uint8", "uint16", "float32"), "upside down, as it reads its own, too"
                ),
            ),
            Reader(suffix=".pgm", read=_vtk_read, differs={"uint16": "bytes, not 16 bits"}),
        ),
    ),
    Library(
        name="Mitsuba",
        distribution="mitsuba",
        module="mitsuba",
        writers=(
            *writers(".png", "uint8 uint16", _mitsuba_write),
            *writers(".pfm", "float32", _mitsuba_write),
            *writers(".exr", "float16 float32", _mitsuba_write),
        ),
        readers=tuple(
            Reader(suffix=suffix, read=_mitsuba_read) for suffix in (".png", ".pfm", ".exr")
        ),
    ),
    Library(
        name="Blender",
        distribution="bpy",
        module="bpy",
        writers=writers(".exr", "float32", _blender_write),
        readers=(
            Reader(
                suffix=".exr",
                read=_blender_read,
                differs={"float32": "0: as a picture, Z counts for nothing"},
            ),
            *(
                Reader(
                    suffix=suffix,
                    read=_blender_read,
                    differs=dict.fromkeys(("uint8", "uint16"), "numbers from 0 to 1"),
                )
                for suffix in (".tif", ".png")
            ),
        ),
    ),
)
"""Each by its name."""
