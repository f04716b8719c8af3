from __future__ import annotations

import contextlib
import io
import struct
import zipfile

import h5py
import numpy as np
import pytest
import tifffile
from PIL import Image
from testing.png_by_hand import png_by_hand

from dsdmsr import read_depth
from dsdmsr.errors import DepthError, DsdmsrError, EncodingError, FileError
from dsdmsr.io import ENCODINGS, read_numbers


def bad_files() -> dict[str, tuple[str, bytes]]:
    """Name → (file name, bytes): each is refused in one line."""
    grey = png_by_hand(np.arange(4096, dtype=np.uint16).reshape(64, 64))
    colour, palette, pickled, ragged, zipped, several = (io.BytesIO() for _ in range(6))
    Image.new("RGB", (4, 4), "orange").save(colour, "PNG")
    Image.new("RGB", (4, 4), "orange").convert("P").save(palette, "PNG")
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.save(ragged, np.zeros((0, 7)))
    np.savez(zipped, depth=np.ones((50, 50)))
    np.savez(several, a=np.ones((2, 2)), b=np.ones((2, 2)))
    plain = io.BytesIO()
    np.save(plain, np.ones((3, 3)))
    npy = plain.getvalue()
    # The compression method stands in the local header and in the central directory.
    packed = zipped.getvalue()
    central = packed.rindex(b"PK\x01\x02")
    unknown = packed[:8] + b"\x63" + packed[9 : central + 10] + b"\x63" + packed[central + 11 :]
    jpeg = io.BytesIO()
    Image.new("L", (4, 4)).save(jpeg, "JPEG")
    pages, h5, exr = io.BytesIO(), io.BytesIO(), b"v/1\x01" + bytes(range(60))
    tifffile.imwrite(pages, np.zeros((3, 4, 5), np.uint16), photometric="minisblack")
    with h5py.File(h5, "w") as file:
        file["a"], file["b"] = np.zeros((2, 2)), np.zeros((2, 2))
    dpt = struct.pack("<fii", 202021.25, 3, 2)
    return {
        "truncated dpt": ("a.dpt", dpt + b"\0" * 23),
        "dpt of no pixels": ("a.dpt", struct.pack("<fii", 202021.25, 0, -2)),
        "dpt of 10^10 pixels": ("a.dpt", struct.pack("<fii", 202021.25, 10**5, 10**5)),
        "dpt with another tag": ("a.dpt", struct.pack("<fii", 202021.0, 1, 1) + b"\0" * 4),
        "empty dpt": ("a.dpt", b""),
        "tiff of three pages": ("a.tif", pages.getvalue()),
        "truncated tiff": ("a.tif", pages.getvalue()[:200]),
        "tiff without its header": ("a.tif", pages.getvalue()[8:]),
        "empty tiff": ("a.tiff", b""),
        "broken exr": ("a.exr", exr),
        "empty exr": ("a.exr", b""),
        "hdf5 of several data sets": ("a.h5", h5.getvalue()),
        "truncated hdf5": ("a.h5", h5.getvalue()[:500]),
        "empty hdf5": ("a.hdf5", b""),
        "truncated png": ("a.png", grey[:-100]),
        "png with one byte off": ("a.png", grey[:100] + bytes([grey[100] ^ 1]) + grey[101:]),
        "empty png": ("a.png", b""),
        "colour png": ("a.png", colour.getvalue()),
        "palette png": ("a.png", palette.getvalue()),
        "jpeg called png": ("a.png", jpeg.getvalue()),
        "png of 10^10 pixels": ("a.png", grey[:16] + struct.pack(">II", 10**5, 10**5) + grey[24:]),
        "truncated pfm": ("a.pfm", b"Pf\n3 2\n-1\n" + b"\0" * 23),
        "pfm with too much": ("a.pfm", b"Pf\n3 2\n-1\n" + b"\0" * 25),
        "pfm of 10^10 pixels": ("a.pfm", b"Pf\n100000 100000\n-1\n" + b"\0" * 100),
        "pfm of no pixels": ("a.pfm", b"Pf\n0 4\n-1\n"),
        "colour pfm": ("a.pfm", b"PF\n1 1\n-1\n" + b"\0" * 11 + b"1"),
        "pfm with a scale of two points": ("a.pfm", b"Pf\n1 1\n1.2.3\n" + b"\0" * 4),
        "pfm without header": ("a.pfm", b"hello"),
        "pickled npy": ("a.npy", pickled.getvalue()),
        "npy of 0 rows": ("a.npy", ragged.getvalue()),
        "truncated npz": ("a.npz", zipped.getvalue()[:-300]),
        "npy with a broken header": ("a.npy", npy[:10] + b"{((((" + npy[15:]),
        "npz of an unknown compression": ("a.npz", unknown),
        "npz of several arrays": ("a.npz", several.getvalue()),
        "npy called npz": ("a.npz", ragged.getvalue()),
        "npz called npy": ("a.npy", zipped.getvalue()),
        "text": ("a.txt", b"1 2 3"),
        "no suffix": ("a", b"1 2 3"),
    }


def test_what_a_library_quotes_of_a_file_is_cut(tmp_path):
    head = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), '%s': 0}" % (b"x" * 5000)
    content = b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head + bytes(16)
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(FileError) as error:
        read_depth(tmp_path / "a.npy")
    assert len(str(error.value)) < 700


@pytest.mark.parametrize("number", [np.inf, 1e300, -1e308])
def test_numbers_beyond_float32_warn_of_nothing(tmp_path, number):
    np.save(tmp_path / "a.npy", np.array([[1.0, number], [2.0, 3.0]]))
    for encoding in ("dtu", "cityscapes", "metres"):
        with contextlib.suppress(EncodingError):
            assert read_depth(tmp_path / "a.npy", encoding).valid.sum() == 3


@pytest.mark.parametrize("name", sorted(bad_files()))
def test_bad_files_are_refused_in_one_line(tmp_path, name):
    file_name, content = bad_files()[name]
    path = tmp_path / file_name
    path.write_bytes(content)
    with pytest.raises(DsdmsrError) as caught:
        read_depth(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_missing_files_folders_and_unknown_encodings(tmp_path):
    with pytest.raises(FileError, match="does not exist"):
        read_depth(tmp_path / "a.png")
    (tmp_path / "b.png").mkdir()
    with pytest.raises(FileError, match="is a folder"):
        read_depth(tmp_path / "b.png")
    with pytest.raises(EncodingError, match=f"allowed are {', '.join(ENCODINGS)}"):
        read_depth(tmp_path / "a.png", "cm")
    (tmp_path / "c.png").write_bytes(png_by_hand(np.ones((2, 2), np.uint8)))
    with pytest.raises(EncodingError, match="has 8 bits"):
        read_depth(tmp_path / "c.png", "mm")


def test_negative_depth_in_a_file_names_the_file(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[-1.0, 2.0]]))
    with pytest.raises(DepthError, match=r"a\.npy: 1 pixels are negative"):
        read_depth(tmp_path / "a.npy")
    assert read_depth(tmp_path / "a.npy", "disparity").values[0, 0] == -1


@pytest.mark.parametrize("order", ["<", ">"])
def test_bits_of_floats_are_floats(tmp_path, rng, order):
    disparity = rng.uniform(0.5, 90, (6, 7)).astype(np.float32)
    disparity[2, 3] = 0
    np.save(tmp_path / "a.npy", disparity.view(np.uint32).astype(f"{order}u4"))
    depth = read_depth(tmp_path / "a.npy", "disparity")
    np.testing.assert_array_equal(depth.values, disparity)
    assert any("bits of floats" in note for note in depth.metadata.notes)
    whole = np.array([[0, 1, 70000], [953000000, 1210000000, 2**31]], np.uint32)
    np.save(tmp_path / "b.npy", whole)
    np.testing.assert_array_equal(read_numbers(tmp_path / "b.npy"), whole)


@pytest.mark.parametrize(
    "shape", ["(9999999999999999999, 2)", "(0, 9999999999999999999)", "(99999999999, 99999999999)"]
)
@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_headers_that_promise_too_much_are_refused_in_a_line(tmp_path, shape, suffix):
    head = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + bytes(64)
    path = tmp_path / f"a{suffix}"
    if suffix == ".npz":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("depth.npy", content)
    else:
        path.write_bytes(content)
    with pytest.raises(FileError) as caught:
        read_depth(path)
    assert "\n" not in str(caught.value)


def test_links_in_a_circle_are_refused(tmp_path):
    for name, other in (("a.png", "b.png"), ("b.png", "a.png")):
        (tmp_path / name).symlink_to(tmp_path / other)
    with pytest.raises(FileError):
        read_depth(tmp_path / "a.png")


def test_whatever_a_library_raises_is_said_in_a_line(tmp_path, monkeypatch):
    np.save(tmp_path / "a.npy", np.ones((3, 4)))
    for error in (RuntimeError("odd\nlines"), OverflowError("large"), MemoryError(), KeyError("k")):

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr("dsdmsr.io.arrays.read_npy", fail)
        with pytest.raises(FileError) as caught:
            read_depth(tmp_path / "a.npy")
        assert "\n" not in str(caught.value)
