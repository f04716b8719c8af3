"""Libraries for arrays: NumPy, HDF5 and netCDF, Zarr, MATLAB."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.interop.library import Library, Reader, writers
from tools.interop.numbers import LAYOUTS

__all__ = ["ARRAYS"]

Array = NDArray[Any]


def _npy_write(path: Path, numbers: Array) -> None:
    np.save(path, numbers)


def _npz_write(path: Path, numbers: Array) -> None:
    np.savez_compressed(path, depth=numbers)


def _npy_read(path: Path) -> Array:
    return np.asarray(np.load(path))


def _npz_read(path: Path) -> Array:
    with np.load(path) as file:
        return np.asarray(file["depth"])


def _h5py_write(path: Path, numbers: Array, **options: Any) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        file.create_dataset("depth", data=numbers, **options)


def _h5py_read(path: Path) -> Array:
    import h5py

    with h5py.File(path) as file:
        return np.asarray(file["depth"])


def _h5py_mat(path: Path) -> Array:
    return _h5py_read(path).T


def _pyfive_read(path: Path) -> Array:
    import pyfive

    with pyfive.File(str(path)) as file:
        return np.asarray(file["depth"][()])


def _netcdf_write(path: Path, numbers: Array, **options: Any) -> None:
    import netCDF4

    with netCDF4.Dataset(path, "w", format=options.pop("form", "NETCDF4")) as file:
        for name, size in zip(("y", "x"), numbers.shape, strict=True):
            file.createDimension(name, size)
        file.createVariable("depth", numbers.dtype, ("y", "x"), **options)[:] = numbers


def _netcdf_read(path: Path) -> Array:
    import netCDF4

    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        return np.asarray(file["depth"][:])


def _xarray_write(path: Path, numbers: Array, engine: str = "h5netcdf") -> None:
    import xarray

    xarray.Dataset({"depth": (("y", "x"), numbers)}).to_netcdf(path, engine=engine)


def _xarray_zarr(path: Path, numbers: Array, zarr_format: int = 3) -> None:
    import xarray

    data = xarray.Dataset({"depth": (("y", "x"), numbers)})
    data.to_zarr(path, mode="w", zarr_format=zarr_format, consolidated=False)


def _scipy_netcdf(path: Path, numbers: Array) -> None:
    from scipy.io import netcdf_file

    with netcdf_file(path, "w") as file:
        for name, size in zip(("y", "x"), numbers.shape, strict=True):
            file.createDimension(name, size)
        file.createVariable("depth", numbers.dtype, ("y", "x"))[:] = numbers


def _scipy_mat(path: Path, numbers: Array, **options: Any) -> None:
    from scipy.io import savemat

    savemat(path, {"depth": numbers}, **options)


def _mat73_read(path: Path) -> Array:
    import mat73

    return np.asarray(mat73.loadmat(path)["depth"])


def _zarr_write(path: Path, numbers: Array, **options: Any) -> None:
    import zarr

    group = zarr.open_group(path, mode="w", zarr_format=options.pop("zarr_format", 3))
    array = group.create_array(
        "depth", shape=numbers.shape, dtype=numbers.dtype, chunks=(8, 8), **options
    )
    array[:] = numbers


def _zarr_read(path: Path) -> Array:
    import zarr

    return np.asarray(zarr.open_group(path, mode="r")["depth"][:])


def _zarr2_write(path: Path, numbers: Array, compressor: str | None = "default") -> None:
    import numcodecs
    import zarr

    codec = numcodecs.get_codec({"id": compressor}) if compressor not in (None, "default") else None
    group = zarr.open_group(str(path), mode="w")
    given = compressor if codec is None else codec
    group.create_dataset("depth", data=numbers, chunks=(8, 8), compressor=given)


def _tensorstore_write(path: Path, numbers: Array, driver: str = "zarr") -> None:
    import tensorstore

    spec = {"driver": driver, "kvstore": {"driver": "file", "path": str(path)}}
    options = {"create": True, "delete_existing": True, "dtype": numbers.dtype.name}
    store = tensorstore.open(spec, shape=numbers.shape, **options).result()
    store.write(numbers).result()


def _tensorstore_read(path: Path) -> Array:
    import tensorstore

    where = path / "depth" if (path / "depth").is_dir() else path
    driver = "zarr3" if (where / "zarr.json").is_file() else "zarr"
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": str(where)}}
    return np.asarray(tensorstore.open(spec).result().read().result())


_TYPES = "uint8 uint16 int16 int32 uint32 float16 float32 float64"
_ALL_LAYOUTS = tuple(LAYOUTS)[1:]

ARRAYS = (
    Library(
        name="NumPy",
        distribution="numpy",
        module="numpy",
        writers=(
            *writers(".npy", _TYPES, _npy_write),
            *writers(".npy", "uint16 float32", _npy_write, layouts=_ALL_LAYOUTS),
            *writers(".npz", "uint16 float16 float32", _npz_write),
        ),
        readers=(Reader(suffix=".npy", read=_npy_read), Reader(suffix=".npz", read=_npz_read)),
    ),
    Library(
        name="h5py",
        distribution="h5py",
        module="h5py",
        writers=(
            *writers(".h5", _TYPES, _h5py_write),
            *writers(".h5", "uint16 float32", _h5py_write, layouts=_ALL_LAYOUTS),
            *writers(
                ".h5",
                "uint16 float32",
                partial(
                    _h5py_write, chunks=(8, 8), compression="gzip", shuffle=True, fletcher32=True
                ),
                "gzip, shuffle, checksums",
            ),
            *writers(
                ".h5",
                "uint16 float32",
                partial(_h5py_write, chunks=(8, 8), compression="lzf"),
                "LZF",
            ),
            *writers(".h5", "uint16", partial(_h5py_write, scaleoffset=0), "scale-offset"),
        ),
        readers=(
            Reader(suffix=".h5", read=_h5py_read),
            Reader(suffix=".mat", read=_h5py_mat),
        ),
    ),
    Library(
        name="pyfive",
        distribution="pyfive",
        module="pyfive",
        readers=(Reader(suffix=".h5", read=_pyfive_read),),
    ),
    Library(
        name="netCDF4",
        distribution="netCDF4",
        module="netCDF4",
        writers=(
            *writers(".nc", "uint8 uint16 int16 int32 float32 float64", _netcdf_write),
            *writers(
                ".nc", "uint16 float32", partial(_netcdf_write, zlib=True, shuffle=True), "zlib"
            ),
            *writers(
                ".nc", "float32 int16", partial(_netcdf_write, form="NETCDF3_CLASSIC"), "classic"
            ),
        ),
        readers=(Reader(suffix=".h5", read=_netcdf_read),),
    ),
    Library(
        name="xarray",
        distribution="xarray",
        module="xarray",
        writers=(
            *writers(".nc", "uint16 float32", partial(_xarray_write, engine="netcdf4")),
            *writers(".zarr", "uint16 float32", _xarray_zarr, "format 3"),
            *writers(".zarr", "uint16 float32", partial(_xarray_zarr, zarr_format=2), "format 2"),
        ),
    ),
    Library(
        name="SciPy",
        distribution="scipy",
        module="scipy",
        writers=(
            *writers(".mat", "uint8 uint16 float32 float64", _scipy_mat),
            *writers(
                ".mat", "uint16 float32", partial(_scipy_mat, do_compression=True), "compressed"
            ),
            *writers(".nc", "float32 int16", _scipy_netcdf, "classic"),
        ),
    ),
    Library(
        name="mat73",
        distribution="mat73",
        module="mat73",
        readers=(Reader(suffix=".mat", read=_mat73_read),),
    ),
    Library(
        name="Zarr 3",
        distribution="zarr",
        module="zarr",
        writers=(
            *writers(
                ".zarr", "uint8 uint16 int16 float16 float32 float64", _zarr_write, "format 3"
            ),
            *writers(".zarr", "uint16 float32", partial(_zarr_write, zarr_format=2), "format 2"),
            *writers(
                ".zarr",
                "uint16 float32",
                partial(_zarr_write, shards=(16, 24)),
                "shards",
            ),
            *writers(".zarr", "float32", _zarr_write, "format 3", layouts=_ALL_LAYOUTS[:3]),
        ),
        readers=(Reader(suffix=".zarr", read=_zarr_read),),
    ),
    Library(
        name="Zarr 2",
        distribution="zarr",
        module="zarr",
        writers=(
            *writers(".zarr", "uint16 float32 float64", _zarr2_write, "format 2"),
            *writers(".zarr", "uint16 float32", partial(_zarr2_write, compressor=None), "bare"),
            *writers(".zarr", "uint16", partial(_zarr2_write, compressor="lz4"), "LZ4"),
        ),
        readers=(Reader(suffix=".zarr", read=_zarr_read),),
    ),
    Library(
        name="TensorStore",
        distribution="tensorstore",
        module="tensorstore",
        writers=(
            *writers(".zarr", "uint16 float32", _tensorstore_write, "format 2"),
            *writers(
                ".zarr", "uint16 float32", partial(_tensorstore_write, driver="zarr3"), "format 3"
            ),
        ),
        readers=(Reader(suffix=".zarr", read=_tensorstore_read),),
    ),
)
"""Each by its name."""
