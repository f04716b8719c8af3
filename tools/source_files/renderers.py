"""Renderers and simulators.

Sources: Blender's and BlenderProc's writers (``write_hdf5``), Kubric's ``file_io.write_tiff``,
Unreal's Movie Render Queue, AirSim's ``write_pfm``, CARLA's "Sensors reference", Isaac Sim's
"Annotators", Mitsuba's ``aov`` integrator, Arnold's AOVs, Nuke's ScanlineRender.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.source_files import readers, writers
from tools.source_files.source import METRES, Content, Source, everywhere, floats, metres, seen

__all__ = ["RENDERERS"]

FAR = 1e10
"""What Blender writes where there is nothing."""


def _kubric(path: Path, numbers: NDArray[Any]) -> None:
    import tifffile

    tifffile.imwrite(path, numbers[..., None])


def _inverse() -> Content:
    """Return 1/z, which is 0 where there is nothing: infinitely far."""
    return everywhere(np.where(seen(), 1 / metres(), 0))


RENDERERS = (
    Source(
        name="Blender, multilayer EXR",
        file="0001.exr",
        content=floats(FAR),
        write=writers.exr("ViewLayer.Depth.Z", colours="ViewLayer.Combined"),
        library="by hand",
        read=partial(readers.exr, channel="ViewLayer.Depth.Z"),
        encoding="metres",
        options=METRES,
    ),
    Source(
        name="Blender 4, File Output node",
        file="depth0001.exr",
        content=floats(FAR),
        write=writers.exr("Depth.V", colours="Image"),
        library="by hand",
        read=partial(readers.exr, channel="Depth.V"),
        encoding="metres",
        options=METRES,
    ),
    Source(
        name="Blender, EXR in colours",
        file="z0001.exr",
        content=floats(FAR),
        write=writers.exr("R", equal=True),
        library="by hand",
        read=partial(readers.exr, channel="G"),
        encoding="metres",
        options=METRES,
    ),
    Source(
        name="BlenderProc",
        file="0.hdf5",
        content=floats(FAR),
        write=writers.hdf5(
            "depth",
            more={"colors": np.zeros((4, 4, 3), np.uint8), "blender_proc_version": b"2.8.0"},
            compression="gzip",
        ),
        library="pyfive",
        read=readers.hdf5,
        encoding="metres",
        options=METRES,
    ),
    Source(
        name="Kubric",
        file="depth_00000.tiff",
        content=floats(FAR),
        write=_kubric,
        library="OpenCV",
        read=readers.opencv,
        encoding="metres",
        options=METRES,
        remark="distances to the camera, which stay such",
    ),
    Source(
        name="Unreal, Movie Render Queue",
        file="shot.0001.exr",
        content=floats(65504, per_unit=100, dtype="f2"),
        write=writers.exr("FinalImageMovieRenderQueue_WorldDepth.R", colours="", equal=True),
        library="by hand",
        read=partial(readers.exr, channel="FinalImageMovieRenderQueue_WorldDepth.G"),
        encoding="100 per metre",
        options=("--units-per-metre", "100"),
    ),
    Source(
        name="AirSim, DepthPlanar",
        file="depth.pfm",
        content=floats(65504),
        write=writers.pfm,
        library="OpenCV",
        read=readers.opencv,
        encoding="metres",
        options=METRES,
    ),
    Source(
        name="CARLA, decoded",
        file="depth.npy",
        content=floats(1000),
        write=writers.npy,
        library="by hand",
        read=readers.npy,
        encoding="metres",
        options=METRES,
        remark="its PNG in colours is refused",
    ),
    Source(
        name="Isaac Sim, Replicator",
        file="distance_to_image_plane_0000.npy",
        content=floats(np.inf),
        write=writers.npy,
        library="by hand",
        read=readers.npy,
        encoding="metres",
        options=METRES,
    ),
    Source(
        name="Mitsuba 3, `depth:depth`",
        file="scene.exr",
        content=floats(0, dtype="f2"),
        write=writers.exr("depth.T", colours="my_image"),
        library="by hand",
        read=partial(readers.exr, channel="depth.T"),
        encoding="metres",
        options=METRES,
        remark="distances to the camera, which stay such",
    ),
    Source(
        name="Mitsuba 3, `dd.y:depth`",
        file="manual.exr",
        content=floats(0, dtype="f2"),
        write=writers.exr("dd.y.T", colours="my_image"),
        library="by hand",
        read=partial(readers.exr, channel="dd.y.T"),
        encoding="metres",
        options=METRES,
        remark="distances to the camera, which stay such",
    ),
    Source(
        name="Arnold",
        file="beauty.exr",
        content=floats(1e30),
        write=writers.exr("Z", colours=""),
        library="by hand",
        read=partial(readers.exr, channel="Z"),
        encoding="float",
        unit=None,
        remark="in the scene's unit",
    ),
    Source(
        name="Nuke, ScanlineRender",
        file="comp.0001.exr",
        content=_inverse(),
        write=writers.exr("depth.Z", colours=""),
        library="by hand",
        read=partial(readers.exr, channel="depth.Z"),
        encoding="inverse",
        kind="inverse_depth",
        unit=None,
        options=("--from-kind", "inverse_depth"),
        remark="0 is infinitely far",
    ),
)
