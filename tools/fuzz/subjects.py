"""The readers that are fuzzed: what they are given first, and what they must do with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.io import ENCODINGS, SUFFIXES
from dsdmsr.io.calib import read_calib
from dsdmsr.io.patterns import depth_files
from tools.fuzz.commands import run_command, write_commands
from tools.fuzz.texts import TEXTS
from tools.source_files import SOURCES

__all__ = ["SUBJECTS", "Subject"]

_SHAPE = (12, 16)
Read = Callable[[Path, Random], object]


class Subject(NamedTuple):
    """A reader, or a family of them."""

    write: Callable[[Path], object]
    """Writes valid small files into a folder; each file or folder in it is one."""
    read: Read
    """Reads a changed one; takes its path and random numbers."""
    allowed: tuple[type[Exception], ...] = ()
    """What it may raise beside errors of this package."""


def _formats() -> dict[str, list[str]]:
    """Return families of formats: name → suffixes."""
    families = {"tiff": [".tif", ".tiff"], "hdf5": [".h5", ".hdf5"], "jpeg": [".jpg", ".jpeg"]}
    families |= {"heif": [".heic", ".heif"]}
    grouped = {suffix for each in families.values() for suffix in each}
    return families | {s[1:]: [s] for s in SUFFIXES if s not in grouped}


def _writing(suffixes: Sequence[str]) -> Callable[[Path], object]:
    """Return what writes the files of all sources, and our own, with some of these suffixes."""

    def write(folder: Path) -> None:
        for number, source in enumerate(SOURCES):
            path = folder / f"{number}" / source.file
            if path.suffix.lower() in suffixes:
                path.parent.mkdir(parents=True, exist_ok=True)
                source.write(path, source.content.numbers[: _SHAPE[0], : _SHAPE[1]])
        for number, depth in enumerate(_maps()):
            for suffix in suffixes:
                try:
                    write_depth(folder / f"own{number}{suffix}", depth)
                except Exception:  # a format that is not written, or not with such numbers
                    continue
        for more in _MORE.get(suffixes[0], ()):
            more(folder)

    return write


def _maps() -> list[DepthMap]:
    values = np.add.outer(np.linspace(1, 2, _SHAPE[0]), np.linspace(0, 1, _SHAPE[1]))
    valid = values < 2.7
    return [
        DepthMap(values, valid, unit="m", encoding="metres"),
        DepthMap(np.round(values, 3), valid, unit="m", encoding="mm"),
        DepthMap(np.round(99 * values), valid, kind="disparity", unit="level", encoding="levels"),
    ]


def _read_depth(path: Path, rng: Random) -> None:
    """Read a map, with all that may be asked for, and check it."""
    options: dict[str, Any] = {}
    if rng.random() < 0.2:
        options["encoding"] = rng.choice([*ENCODINGS])
    elif rng.random() < 0.1:
        options["kind"] = rng.choice(("depth", "disparity", "inverse_depth", "height"))
    sources = depth_files([str(path)])
    if rng.random() < 0.1:
        member = rng.choice(
            ("0", "1", "0", "-1", "depth", "depth#1", "99999999999999999999", "@1", "é")
        )
        sources = [Path(f"{path}#{member}")]
    _check(read_depth(sources[0], **options))


def _check(depth: DepthMap) -> None:
    """Check what every map promises.

    Raises:
        AssertionError: If one does not hold.
    """
    values, valid = depth.values, depth.valid
    assert values.ndim == 2, values.shape
    assert values.size, values.shape
    assert values.shape == valid.shape, (values.shape, valid.shape)
    assert values.dtype == np.float32, values.dtype
    assert valid.dtype == np.bool_, valid.dtype
    assert np.isfinite(values).all()
    assert not values[~valid].any()
    assert not any("\n" in note for note in depth.metadata.notes), depth.metadata.notes
    assert all(len(note) < 1200 for note in depth.metadata.notes), depth.metadata.notes


def _netcdf_classic(folder: Path) -> None:
    from scipy.io import netcdf_file

    with netcdf_file(str(folder / "classic.nc"), "w") as file:
        file.createDimension("y", 12)
        file.createDimension("x", 16)
        depth = file.createVariable("depth", "f", ("y", "x"))
        depth[:] = _maps()[0].values
        depth.units, depth.scale_factor = "m", 0.5


def _recordings(kind: str) -> Callable[[Path], None]:
    """Return what writes recordings of images, odd ones among them."""
    from tools.source_files.recordings import camera, compressed, image, record, rvl

    def write(folder: Path) -> None:
        numbers = np.arange(1, 193, dtype=np.uint16).reshape(_SHAPE)
        floats = numbers.astype(np.float32)
        message = image(numbers, "16UC1")
        packed = np.array(_SHAPE[::-1], "<u4").tobytes() + rvl(numbers)
        messages = [
            message,
            image(floats, "32FC1", True, 4),
            compressed(packed, "16UC1; compressedDepth rvl"),
            *((message[0], {**message[1], **odd}) for odd in _ODD_IMAGES),
        ]
        info = camera(16, 12, [50, 0, 3.5, 0, 60, 2.5, 0, 0, 1], first=kind == "bag1")
        for number, each in enumerate(messages):
            written = record(
                folder / f"of{number}", kind, {"/depth": [each], "/camera_info": [info]}
            )
            ending = {"bag1": "bag"}.get(kind, kind)
            written.rename(folder / f"{number}.{ending}")
        for rest in folder.glob("of*"):
            shutil.rmtree(rest)

    return write


_ODD_IMAGES: tuple[dict[str, Any], ...] = (
    {"height": 0},
    {"width": 2**32 - 1, "height": 2**32 - 1},
    {"step": 1},
    {"encoding": "16UC3"},
    {"data": np.zeros(3, np.uint8)},
)


def _zarr(path: Path) -> None:
    import zarr

    values = np.asarray(_maps()[0].values)
    for format_ in (2, 3):
        group = zarr.open_group(path / f"group{format_}.zarr", mode="w", zarr_format=format_)
        array = group.create_array("depth", data=values, chunks=(6, 8))
        array.attrs["units"] = "m"


def _photos(folder: Path) -> None:
    from tools.source_files.photos import dynamic_depth, gdepth

    levels = np.arange(192, dtype=np.uint8).reshape(_SHAPE)
    gdepth(folder / "gdepth.jpg", levels)
    dynamic_depth(folder / "dynamic.jpg", levels)


_MORE: dict[str, tuple[Callable[[Path], None], ...]] = {
    ".nc": (_netcdf_classic,),
    ".jpg": (_photos,),
    ".bag": (_recordings("bag1"),),
    ".mcap": (_recordings("mcap"),),
    ".db3": (_recordings("db3"),),
    ".zarr": (_zarr,),
}


def _write_calib(folder: Path) -> None:
    text = "cam0=[200 0 31.5; 0 200 23.5; 0 0 1]\ndoffs=1.5\nbaseline=100.0\nwidth=64\n"
    (folder / "calib.txt").write_text(text)


def _write_rvl(folder: Path) -> None:
    from dsdmsr.io.rvl import pack_rvl

    numbers = np.arange(192, dtype=np.uint16)
    numbers[::5] = 0
    (folder / "a.rvl").write_bytes(pack_rvl(numbers))


def _read_rvl(path: Path, rng: Random) -> None:
    from dsdmsr.io.rvl import unpack_rvl

    count = rng.choice((0, 1, 191, 192, 193, 2**20))
    assert unpack_rvl(path.read_bytes(), count).shape == (count,)


SUBJECTS: dict[str, Subject] = {
    **{name: Subject(_writing(s), _read_depth) for name, s in _formats().items()},
    "calib": Subject(_write_calib, lambda path, _: read_calib(path)),
    "rvl": Subject(_write_rvl, _read_rvl, (ValueError,)),
    **{name: Subject(*each) for name, each in TEXTS.items()},
    "command": Subject(write_commands, run_command),
}
"""Name → reader."""
