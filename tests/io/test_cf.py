"""What attributes say in netCDF, HDF5 and Zarr files; classic netCDF is written by scipy."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
import scipy.io
import zarr
from testing.command import run

from dsdmsr import read_depth
from dsdmsr.depth.encoding import Encoding
from dsdmsr.errors import FileError
from dsdmsr.io.cf import stored_as, units_of


def hdf5(path, numbers, name, attributes):
    with h5py.File(path, "w") as file:
        file["lat"], file["lon"] = (np.arange(float(n)) for n in numbers.shape[-2:])
        file[name] = numbers
        file[name].attrs.update(attributes)


def classic(path, numbers, name, attributes):
    with scipy.io.netcdf_file(path, "w", version=2) as file:
        axes = [f"axis{k}" for k in range(numbers.ndim)]
        for axis, length in zip(axes, numbers.shape, strict=True):
            file.createDimension(axis, length)
        file.createVariable("lat", "f8", axes[-2:-1])[:] = 0
        variable = file.createVariable(name, numbers.dtype, axes)
        variable[:] = numbers
        for key, value in attributes.items():
            setattr(variable, key, value)


def as_zarr(path, numbers, name, attributes):
    group = zarr.create_group(path)
    plain = {
        k: v.tolist() if isinstance(v, np.generic | np.ndarray) else v
        for k, v in attributes.items()
    }
    group.create_array(name, data=numbers, attributes=plain)


FILES = {
    "netCDF 4": (hdf5, "a.nc"),
    "HDF5": (hdf5, "a.h5"),
    "classic netCDF": (classic, "a.nc"),
    "Zarr": (as_zarr, "a.zarr"),
}


@pytest.fixture(params=FILES)
def save(request, tmp_path):
    write, name = FILES[request.param]

    def saved(numbers, name_inside="z", **attributes):
        path = tmp_path / name
        write(path, np.asarray(numbers), name_inside, attributes)
        return path

    return saved


HEIGHTS = np.int16([[-4000, 20, -32768], [0, 31, 8848]])


@pytest.mark.parametrize("mark", ["_FillValue", "missing_value"])
def test_heights_with_a_number_for_the_unknown(save, mark):
    depth = read_depth(save(HEIGHTS, "elevation", units="m", **{mark: np.int16(-32768)}))
    assert (depth.kind, depth.unit, depth.encoding) == ("height", "m", "height")
    np.testing.assert_array_equal(depth.valid, HEIGHTS != -32768)
    np.testing.assert_array_equal(depth.values[depth.valid], HEIGHTS[HEIGHTS != -32768])


def test_packed_numbers_are_unpacked(save, capsys, tmp_path):
    packed = np.int16([[1000, 1250], [-1, 2000]])
    path = save(
        packed, scale_factor=0.002, add_offset=10.0, _FillValue=np.int16(-1), units="metres"
    )
    depth = read_depth(path)
    assert (depth.kind, depth.unit) == ("depth", "m")
    np.testing.assert_array_equal(depth.valid, [[True, True], [False, True]])
    np.testing.assert_allclose(depth.values[depth.valid], [12, 12.5, 14], rtol=1e-6)
    assert "× 0.002 + 10" in " ".join(depth.metadata.notes)
    # Values are written as they are, so that nobody needs the scale.
    code, _, err = run(capsys, "upscale", path, "-o", tmp_path / "out.h5", "--scale", 2)
    assert code == 0
    assert "× 0.002 + 10" in err
    with h5py.File(tmp_path / "out.h5") as file:
        (array,) = file.values()
        large = array[()]
        assert array.attrs["units"] == "m"
        assert array.attrs["_FillValue"] == -1
    assert large.dtype == np.float32
    assert large[large != -1].min() > 11
    again = read_depth(tmp_path / "out.h5")
    assert again.unit == "m"
    assert not again.valid.all()


def test_an_encoding_speaks_of_unpacked_numbers(save):
    path = save(np.int32([[200, 300]]), scale_factor=10.0)
    np.testing.assert_array_equal(read_depth(path, "dtu").values, [[2, 3]])


@pytest.mark.parametrize(
    ("units", "dtype", "numbers", "values", "kind", "unit"),
    [
        ("mm", "u2", [[1500, 0]], [[1.5, 0]], "depth", "m"),
        ("mm", "f4", [[1500.25, 0]], [[1.50025, 0]], "depth", "m"),
        ("cm", "f4", [[150, 200]], [[1.5, 2]], "depth", "m"),
        ("km", "f8", [[1.5, 2]], [[1500, 2000]], "depth", "m"),
        ("meters", "f4", [[1.5, 2]], [[1.5, 2]], "depth", "m"),
        ("meters", "f4", [[-1.5, 2]], [[-1.5, 2]], "height", "m"),
        ("pixels", "f4", [[20.5, 2]], [[20.5, 2]], "disparity", "px"),
        ("m-1", "f4", [[0.5, 2]], [[0.5, 2]], "inverse_depth", None),
        ("furlongs", "f4", [[0.5, 2]], [[0.5, 2]], "depth", None),
    ],
)
def test_units_are_understood(tmp_path, units, dtype, numbers, values, kind, unit):
    hdf5(tmp_path / "a.h5", np.array(numbers, dtype), "z", {"units": units})
    depth = read_depth(tmp_path / "a.h5")
    assert (depth.kind, depth.unit) == (kind, unit)
    np.testing.assert_array_equal(depth.values[depth.valid], np.float32(values)[depth.valid])
    assert depth.valid.sum() == np.count_nonzero(numbers)


@pytest.mark.parametrize(
    "ends", [{"valid_range": [0.5, 9.0]}, {"valid_min": 0.5, "valid_max": 9.0}]
)
def test_numbers_out_of_the_declared_range_are_none(save, ends):
    depth = read_depth(save([[0.25, 1], [9, 1e6]], **{k: np.float64(v) for k, v in ends.items()}))
    np.testing.assert_array_equal(depth.valid, [[False, True], [True, False]])


def test_the_unit_that_came_in_goes_out(tmp_path, capsys):
    hdf5(tmp_path / "a.h5", np.full((6, 8), 1500.5, np.float32), "z", {"units": "mm"})
    for suffix in (".h5", ".zarr"):
        out = tmp_path / f"out{suffix}"
        assert run(capsys, "upscale", tmp_path / "a.h5", "-o", out, "--scale", 2)[0] == 0
        depth = read_depth(out)
        assert np.ptp(depth.values) == 0
        assert depth.values[0, 0] == np.float32(1.5005)
    with h5py.File(tmp_path / "out.h5") as file:
        assert file["depth"].attrs["units"] == "mm"
        assert file["depth"][0, 0] == 1500.5


def test_a_time_axis_of_one_is_no_stack(save):
    assert read_depth(save(np.ones((1, 4, 5)))).shape == (4, 5)


def test_netcdf_is_read_only_and_comes_out_as_hdf5(tmp_path, capsys):
    (tmp_path / "in").mkdir()
    hdf5(tmp_path / "in" / "a.nc", np.full((6, 8), 2.5), "z", {})
    code, _, err = run(capsys, "upscale", tmp_path / "in", "-o", tmp_path / "out", "--scale", 2)
    assert code == 0, err
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["a.h5"]


def test_classic_netcdf_without_scipy_says_what_to_do(tmp_path, monkeypatch):
    classic(tmp_path / "a.nc", np.ones((4, 5)), "z", {})
    monkeypatch.setattr("dsdmsr.io.netcdf.find_spec", lambda name: None)
    with pytest.raises(
        FileError, match="which scipy reads: pip install scipy, or save it as netCDF 4"
    ):
        read_depth(tmp_path / "a.nc")


def test_damage_is_one_line(tmp_path):
    classic(tmp_path / "a.nc", np.ones((4, 5)), "z", {})
    content = (tmp_path / "a.nc").read_bytes()
    for length in (6, len(content) // 2, len(content) - 30):
        (tmp_path / "cut.nc").write_bytes(content[:length])
        with pytest.raises(FileError, match="damaged, or no netCDF") as caught:
            read_depth(tmp_path / "cut.nc")
        assert "\n" not in str(caught.value)


UNSIGNED, SIGNED = np.uint16([[1, 2, 3]]), np.int16([[-1, 2, 3]])
FLOATS = np.float32([[-1, 2, np.nan]])


@pytest.mark.parametrize(
    ("attributes", "nodata", "valid"),
    [
        ({}, (), None),
        ({"_FillValue": 3}, (3.0,), None),
        ({"missing_value": [3, 4]}, (3.0, 4.0), None),
        ({"_FillValue": 3, "missing_value": [4, 3, 5]}, (3.0, 4.0, 5.0), None),
        ({"_FillValue": "text", "missing_value": None}, (), None),
        ({"valid_range": [2, 3]}, (), [[0, 1, 1]]),
        ({"valid_range": [2, 2.5]}, (), [[0, 1, 0]]),
        ({"valid_range": [2, 2], "valid_min": 1}, (), [[0, 1, 0]]),
        ({"valid_range": [2], "valid_min": 3}, (), [[0, 0, 1]]),
        ({"valid_min": 2}, (), [[0, 1, 1]]),
        ({"valid_max": 2}, (), [[1, 1, 0]]),
        ({"valid_min": 2, "valid_max": 2}, (), [[0, 1, 0]]),
    ],
)
def test_attributes_say_which_numbers_mean_nothing(attributes, nodata, valid):
    stored = stored_as(attributes, "a", UNSIGNED)
    assert (stored.nodata, stored.entry, stored.notes) == (nodata, None, ())
    seen = stored.valid
    assert (seen if seen is None else seen.astype(int).tolist()) == valid
    assert stored_as({}, "a", UNSIGNED, "b").entry == "b"


@pytest.mark.parametrize(
    ("attributes", "packing"),
    [
        ({"scale_factor": 0.5}, (0.5, 0)),
        ({"add_offset": -3}, (1, -3)),
        ({"scale_factor": [2.0], "add_offset": np.float32(1)}, (2, 1)),
        ({"scale_factor": 1, "add_offset": 0}, None),
        ({"scale_factor": 0}, None),
        ({"scale_factor": "x"}, None),
    ],
)
def test_packed_numbers_are_said_to_be_such(attributes, packing):
    stored = stored_as(attributes, "a", UNSIGNED)
    assert stored.packing == packing
    assert stored.notes == (() if packing is None else (stored.packing.note,))
    below = packing == (1, -3)
    assert stored.encoding == (None if packing is None else "height" if below else "float")


@pytest.mark.parametrize("units", [" m ", "Metre", "meters", b"METERS", np.array(["m"])])
def test_metres_have_several_names(units):
    assert stored_as({"units": units}, "a", UNSIGNED).encoding == "metres"
    assert stored_as({"units": units}, "a", SIGNED).encoding == "height"
    assert stored_as({"units": units}, "a", FLOATS).encoding == "height"
    assert stored_as({"units": units, "_FillValue": -1}, "a", FLOATS).encoding == "metres"
    assert stored_as({"units": units, "valid_min": 0}, "a", SIGNED).encoding == "metres"


@pytest.mark.parametrize(
    ("name", "more", "encoding"),
    [
        ("Altitude", {}, "height"),
        ("elevation", {}, "height"),
        ("a", {"standard_name": "surface_height"}, "height"),
        ("a", {"long_name": b"Topography"}, "height"),
        ("a_dem", {}, "height"),
        ("depth", {"standard_name": "depth", "long_name": "depth"}, "metres"),
    ],
)
def test_heights_are_told_by_their_names(name, more, encoding):
    assert stored_as({"units": "m"} | more, name, UNSIGNED).encoding == encoding


@pytest.mark.parametrize(
    ("units", "encoding"),
    [
        ("pixel", "disparity"),
        ("Pixels", "disparity"),
        ("px", "disparity"),
        ("1/m", "inverse"),
        ("m-1", "inverse"),
        ("m^-1", "inverse"),
        ("m**-1", "inverse"),
        ("Dioptres", "inverse"),
        ("diopter", "inverse"),
        ("mm", "mm"),
        ("furlong", None),
        ("", None),
    ],
)
def test_units_say_what_numbers_mean(units, encoding):
    assert stored_as({"units": units}, "a", UNSIGNED).encoding == encoding


@pytest.mark.parametrize(
    ("units", "per_metre"),
    [
        ("cm", 100),
        ("Centimetres", 100),
        ("centimeter", 100),
        ("km", 0.001),
        ("kilometers", 0.001),
        ("kilometre", 0.001),
        ("millimeters", 1000),
    ],
)
def test_other_lengths_have_an_encoding_of_their_own(units, per_metre):
    for numbers, kind in ((np.float32([[1, 2]]), "depth"), (SIGNED, "height")):
        encoding = stored_as({"units": units}, "a", numbers).encoding
        assert encoding.meaning == f"float {kind} in {units}, as the file says"
        assert (encoding.per_unit, encoding.kind, encoding.unit) == (per_metre, kind, "m")
        height = kind == "height"
        assert (encoding.zero_is_value, np.isnan(encoding.invalid)) == (height, height)


@pytest.mark.parametrize(
    ("encoding", "units"),
    [
        ({"unit": "m"}, "m"),
        ({"unit": "m", "per_unit": 1000}, "mm"),
        ({"unit": "m", "per_unit": 100, "kind": "height"}, "cm"),
        ({"unit": "m", "per_unit": 0.001}, "km"),
        ({"unit": "m", "per_unit": 5}, None),
        ({"unit": "m", "kind": "inverse_depth"}, None),
        ({}, None),
        ({"unit": "px", "kind": "disparity"}, "pixel"),
        ({"unit": "px", "kind": "disparity", "per_unit": 256}, None),
    ],
)
def test_units_are_written_by_their_short_names(encoding, units):
    assert units_of(Encoding(meaning="a", **encoding)) == units
