"""Maps of the ground: elevation models as GeoTIFF.

Sources: OGC GeoTIFF Standard 1.1; GDAL's drivers "GTiff" (tags 42112, 42113) and "COG"; USGS's
description of SRTM, whose voids are −32768.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.source_files import readers
from tools.source_files.source import Content, Source, metres, seen

__all__ = ["GROUND"]

Array = NDArray[Any]
GEOGRAPHIC = (1, 1, 0, 3, 1024, 0, 1, 2, 1025, 0, 1, 1, 2048, 0, 1, 4326)
SCALE, OFFSET = 0.1, -50.0


def _heights(dtype: str, hole: float, scale: float = 1, offset: float = 0) -> Content:
    """Return a valley whose ground lies below 0, as whole numbers or floats."""
    heights = 100 * metres() - 180
    numbers = (heights - offset) / scale
    numbers = numbers if dtype == "f4" else np.round(numbers)
    numbers = np.where(seen(), numbers, hole).astype(dtype)
    values = numbers.astype(float) * scale + offset
    return Content(numbers=numbers, values=values, valid=seen())


def _tags(nodata: str | None, gdal: str | None) -> list[tuple[int, str, int, Any, bool]]:
    tags: list[tuple[int, str, int, Any, bool]] = [
        (33550, "d", 3, (1 / 3600, 1 / 3600, 0.0), True),
        (33922, "d", 6, (0.0, 0.0, 0.0, 11.0, 47.0, 0.0), True),
        (34735, "H", len(GEOGRAPHIC), GEOGRAPHIC, True),
    ]
    tags += [(42112, "s", 0, gdal, True)] if gdal else []
    return tags + ([(42113, "s", 0, nodata, True)] if nodata else [])


def _geotiff(
    path: Path, numbers: Array, *, nodata: str | None = None, gdal: str | None = None
) -> None:
    import tifffile

    tifffile.imwrite(path, numbers, extratags=_tags(nodata, gdal), metadata=None)


def _cog(path: Path, numbers: Array) -> None:
    """Write tiles, compressed as GDAL does by default for floats, and a smaller copy."""
    import tifffile

    how: dict[str, Any] = {"tile": (32, 32), "compression": "deflate", "predictor": 3}
    with tifffile.TiffWriter(path) as file:
        file.write(numbers, extratags=_tags("-9999", None), metadata=None, **how)
        file.write(numbers[::2, ::2], subfiletype=1, metadata=None, **how)


def _netcdf(path: Path, numbers: Array) -> None:
    """Write what GEBCO and GMT write: heights over latitude and longitude."""
    import h5py

    with h5py.File(path, "w") as file:
        depth = file.create_dataset("elevation", data=numbers, compression="gzip")
        for axis, name in enumerate(("lat", "lon")):
            file[name] = np.linspace(40, 50, numbers.shape[axis])
            file[name].make_scale(name)
            depth.dims[axis].attach_scale(file[name])
        depth.attrs["_FillValue"] = numbers.dtype.type(-32767)
        depth.attrs["units"] = "m"


def _ground(name: str, file: str, content: Content, write: Any, **more: Any) -> Source:
    return Source(
        name=name,
        file=file,
        content=content,
        write=write,
        library="OpenCV",
        read=readers.opencv,
        kind="height",
        **{"encoding": "height", **more},
    )


GROUND = (
    _ground(
        "SRTM, GeoTIFF of 16 bits",
        "N47E011.tif",
        _heights("i2", -32768),
        partial(_geotiff, nodata="-32768"),
    ),
    _ground(
        "GDAL, GeoTIFF of floats",
        "dem.tif",
        _heights("f4", -9999),
        partial(_geotiff, nodata="-9999"),
    ),
    _ground(
        "the same, NODATA not declared",
        "undeclared.tif",
        _heights("f4", -9999),
        _geotiff,
    ),
    _ground(
        "cloud-optimised GeoTIFF",
        "cog.tif",
        _heights("f4", -9999),
        _cog,
    ),
    _ground(
        "GeoTIFF with GDAL's scale and offset",
        "scaled.tif",
        _heights("u2", 0, SCALE, OFFSET),
        partial(
            _geotiff,
            nodata="0",
            gdal="<GDALMetadata>"
            f'<Item name="SCALE" sample="0" role="scale">{SCALE}</Item>'
            f'<Item name="OFFSET" sample="0" role="offset">{OFFSET}</Item></GDALMetadata>',
        ),
        said=True,
    ),
    Source(
        name="GEBCO, netCDF 4",
        file="gebco.nc",
        content=_heights("i2", -32767),
        write=_netcdf,
        library="pyfive",
        read=partial(readers.hdf5, name="elevation"),
        encoding="height",
        kind="height",
        said=True,
    ),
)
