"""Files that promise far more than they hold, of each format: what a reader must not believe.

None of them does harm to the libraries that read these formats; they ask for memory and time.
"""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["FILES", "Oversized"]

_SIDE = 60_000


class Oversized:
    """A file that promises too much.

    Args:
        suffix: Its ending.
        write: What writes it.
        honest: Bytes of the map that it truly holds; 0 where it is to be refused.
    """

    def __init__(self, suffix: str, write: Callable[[Path], object], honest: int = 0) -> None:
        self.suffix, self.write, self.honest = suffix, write, honest


def _bytes(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _sparse(head: bytes, numbers: int) -> Callable[[Path], object]:
    """Return what writes a header, and a hole in the place of so many bytes of numbers."""

    def write(path: Path) -> None:
        path.write_bytes(head)
        os.truncate(path, len(head) + numbers)

    return write


def _npy_header(*shape: int) -> bytes:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )
    return head.getvalue()


def _npz(members: dict[str, tuple[bytes, int]]) -> Callable[[Path], object]:
    """Return what writes an archive of members: a header, and so many zeros."""

    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, (head, zeros) in members.items():
                with archive.open(f"{name}.npy", "w") as file:
                    file.write(head)
                    for _ in range(zeros // 2**20):
                        file.write(bytes(2**20))

    return write


def _png(path: Path) -> None:
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 16, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
            for name, body in chunks
        )
    )


def _tiff(
    height: int, width: int, rows: int, offsets: np.ndarray[Any, Any], counts: np.ndarray[Any, Any]
) -> Callable[[Path], object]:
    """Return what writes a TIFF of floats in strips of so many rows, whose data are eight zeros."""
    offsets, counts = offsets.astype("<u4"), counts.astype("<u4")
    place = 16 + offsets.nbytes

    def write(path: Path) -> None:
        tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 32), (259, 3, 1, 1)]
        tags += [(262, 3, 1, 1), (273, 4, offsets.size, 16), (278, 4, 1, rows)]
        tags += [(279, 4, counts.size, place), (339, 3, 1, 3)]
        if offsets.size == 1:
            tags[5], tags[7] = (273, 4, 1, 8), (279, 4, 1, int(counts[0]))
        body = b"".join(struct.pack("<HHII", *tag) for tag in tags)
        path.write_bytes(
            struct.pack("<2sHI", b"II", 42, place + counts.nbytes)
            + bytes(8)
            + offsets.tobytes()
            + counts.tobytes()
            + struct.pack("<H", len(tags))
            + body
            + bytes(4)
        )

    return write


def _many_pages(path: Path) -> None:
    tags = [(256, 4, 1, 1), (257, 4, 1, 1), (258, 3, 1, 32), (259, 3, 1, 1), (262, 3, 1, 1)]
    tags += [(273, 4, 1, 8), (278, 4, 1, 1), (279, 4, 1, 4), (339, 3, 1, 3)]
    body = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags)
    size, count = len(body) + 4, 200_000
    pages = (body + struct.pack("<I", 16 + (k + 1) * size) for k in range(count - 1))
    path.write_bytes(
        struct.pack("<2sHI", b"II", 42, 16) + bytes(8) + b"".join(pages) + body + bytes(4)
    )


def _hdf5(*shape: int, **how: Any) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        import h5py

        with h5py.File(path, "w") as file:
            file.create_dataset("depth", shape, "f4", **how)

    return write


def _many_members(path: Path) -> None:
    import h5py

    with h5py.File(path, "w") as file:
        for k in range(20_000):
            file.create_group(str(k))


def _zarr(*shape: int, chunk: int) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        path.mkdir()
        about = {"zarr_format": 2, "shape": shape, "chunks": [chunk] * len(shape), "dtype": "<f4"}
        about |= {"compressor": None, "fill_value": 0, "order": "C", "filters": None}
        (path / ".zarray").write_text(json.dumps(about))

    return write


def _exr(path: Path) -> None:
    import OpenEXR

    with OpenEXR.File({}, {"Z": np.zeros((4, 4), np.float32)}) as file:
        file.write(str(path))
    content = path.read_bytes()
    start = content.index(b"dataWindow\0box2i\0") + len(b"dataWindow\0box2i\0") + 4
    window = struct.pack("<4i", 0, 0, _SIDE - 1, _SIDE - 1)
    path.write_bytes(content[:start] + window + content[start + 16 :])


def _mat(path: Path) -> None:
    import scipy.io

    scipy.io.savemat(path, {"depth": np.zeros((3, 5))})
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<ii", 3, 5), struct.pack("<ii", _SIDE, _SIDE), 1))


_ONE = np.array([8])
FILES: dict[str, Oversized] = {
    "NPY, a header alone": Oversized(".npy", _bytes(_npy_header(_SIDE, _SIDE))),
    "NPY, a hole for numbers": Oversized(".npy", _sparse(_npy_header(_SIDE, _SIDE), 4 * _SIDE**2)),
    "NPZ, a header alone": Oversized(".npz", _npz({"depth": (_npy_header(_SIDE, _SIDE), 0)})),
    "NPZ, a large member beside the map": Oversized(
        ".npz",
        _npz(
            {"depth": (_npy_header(512, 512), 2**20), "other": (_npy_header(2**14, 2**14), 2**30)}
        ),
        honest=2**20,
    ),
    "PNG, a header alone": Oversized(".png", _png),
    "PGM, a hole for numbers": Oversized(
        ".pgm", _sparse(f"P5\n{_SIDE} {_SIDE}\n65535\n".encode(), 2 * _SIDE**2)
    ),
    "PFM, a hole for numbers": Oversized(
        ".pfm", _sparse(f"Pf\n{_SIDE} {_SIDE}\n-1\n".encode(), 4 * _SIDE**2)
    ),
    "DPT, a hole for numbers": Oversized(
        ".dpt", _sparse(struct.pack("<4sii", b"PIEH", _SIDE, _SIDE), 4 * _SIDE**2)
    ),
    "TIFF, one strip of eight bytes": Oversized(".tif", _tiff(_SIDE, _SIDE, _SIDE, _ONE, _ONE)),
    "TIFF, strips without data": Oversized(
        ".tif", _tiff(_SIDE, _SIDE, 600, np.zeros(100), np.zeros(100))
    ),
    "TIFF, strips that are the same bytes": Oversized(
        ".tif", _tiff(_SIDE, _SIDE, 600, np.full(100, 8), np.full(100, 144_000_000))
    ),
    "TIFF, a million strips": Oversized(
        ".tif", _tiff(2**20, 1, 1, np.full(2**20, 8), np.full(2**20, 4))
    ),
    "TIFF, 200,000 pages": Oversized(".tif", _many_pages),
    "HDF5, no chunk stored": Oversized(".h5", _hdf5(_SIDE, _SIDE, chunks=(500, 500))),
    "HDF5, contiguous and not stored": Oversized(".h5", _hdf5(_SIDE, _SIDE)),
    "HDF5, four million chunks": Oversized(".h5", _hdf5(2000, 2000, chunks=(1, 1))),
    "HDF5, 20,000 members": Oversized(".h5", _many_members),
    "netCDF 4, no chunk stored": Oversized(".nc", _hdf5(_SIDE, _SIDE, chunks=(500, 500))),
    "MATLAB 7.3, no chunk stored": Oversized(".mat", _hdf5(_SIDE, _SIDE, chunks=(500, 500))),
    "MATLAB 5, a header alone": Oversized(".mat", _mat),
    "Zarr, no chunk stored": Oversized(".zarr", _zarr(_SIDE, _SIDE, chunk=500)),
    "Zarr, four million chunks": Oversized(".zarr", _zarr(2000, 2000, chunk=1)),
    "HDF5, as much as is let through": Oversized(".h5", _hdf5(5792, 5792, chunks=(16, 16))),
    "Zarr, as much as is let through": Oversized(".zarr", _zarr(5792, 5792, chunk=46)),
    "TIFF, as much as is let through": Oversized(
        ".tif",
        _tiff(2**17, 256, 1, np.full(2**17, 8), np.full(2**17, 1024)),
    ),
    "EXR, a window of 3.6 billion pixels": Oversized(".exr", _exr),
}
"""What it is → the file."""
