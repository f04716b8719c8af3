from __future__ import annotations

import io
import os
import struct
import zlib

import h5py
import numpy as np
import pytest
import tifffile
from PIL import Image

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import DepthError, DsdmsrError, EncodingError, FileError
from dsdmsr.io import ENCODINGS, SUFFIXES, check_output


def png_by_hand(numbers: np.ndarray) -> bytes:
    """An independent PNG writer: grey, no filter."""
    height, width = numbers.shape
    bits = 8 * numbers.dtype.itemsize
    rows = b"".join(b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes() for row in numbers)

    def chunk(name: bytes, body: bytes) -> bytes:
        check = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("encoding", "per_metre"), [("mm", 1000), ("tum", 5000), ("kitti", 256), (None, 1000)]
)
def test_16_bit_png_is_read_to_metres_exactly(tmp_path, encoding, per_metre):
    numbers = np.array([[0, 1, 256], [5000, 65534, 65535]], dtype=np.uint16)
    (tmp_path / "a.png").write_bytes(png_by_hand(numbers))
    depth = read_depth(tmp_path / "a.png", encoding)
    assert (depth.kind, depth.unit, depth.encoding) == ("depth", "m", encoding or "mm")
    np.testing.assert_array_equal(depth.valid, numbers > 0)
    np.testing.assert_array_equal(depth.values, (numbers / per_metre).astype(np.float32))


@pytest.mark.parametrize(("dtype", "name"), [(np.uint8, "levels"), (np.uint16, "levels16")])
def test_levels_are_disparity_of_either_depth(tmp_path, dtype, name):
    numbers = np.array([[0, 1], [200, 255]], dtype=dtype)
    (tmp_path / "a.png").write_bytes(png_by_hand(numbers))
    depth = read_depth(tmp_path / "a.png", "levels")
    assert (depth.kind, depth.unit, depth.encoding) == ("disparity", "level", name)
    np.testing.assert_array_equal(depth.values, numbers)
    np.testing.assert_array_equal(depth.valid, numbers > 0)


def test_16_bit_levels_in_any_byte_order(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[300, 2]], dtype=">u2"))
    depth = read_depth(tmp_path / "a.npy", "levels")
    assert depth.encoding == "levels16"
    np.testing.assert_array_equal(depth.values, [[300, 2]])


@pytest.mark.parametrize(("order", "sign"), [("<", "-1.0"), (">", "1"), (">", "2.5e0")])
def test_pfm_of_both_byte_orders(tmp_path, order, sign):
    values = np.array([[1.5, 2, 0], [4, np.inf, 6.25]], dtype=np.float32)
    body = values[::-1].astype(f"{order}f4").tobytes()
    (tmp_path / "a.pfm").write_bytes(f"Pf\n3 2\n{sign}\n".encode() + body)
    depth = read_depth(tmp_path / "a.pfm")
    np.testing.assert_array_equal(depth.valid, [[True, True, False], [True, False, True]])
    np.testing.assert_array_equal(depth.values[depth.valid], [1.5, 2, 4, 6.25])


def test_pfm_that_starts_with_a_line_feed_byte(tmp_path):
    # The first float's bytes may look like white space; the header ends after one line feed.
    value = struct.unpack("<f", b"\n\n \n")[0]
    (tmp_path / "a.pfm").write_bytes(b"Pf\n1 1\n-1\n" + b"\n\n \n")
    assert read_depth(tmp_path / "a.pfm").values[0, 0] == np.float32(value)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_what_is_written_comes_back(tmp_path, rng, suffix, encoding):
    row = ENCODINGS[encoding]
    if suffix in (".png", ".pgm") and row.largest is None:
        pytest.skip("such a file holds no floats")
    top = row.largest or 5000
    numbers = rng.integers(1, top + 1, (7, 5))
    valid = rng.random((7, 5)) > 0.3
    depth = DepthMap(numbers / row.per_unit, valid, kind=row.kind, unit=row.unit, encoding=encoding)
    write_depth(tmp_path / f"a{suffix}", depth)
    back = read_depth(tmp_path / f"a{suffix}", encoding)
    assert (back.kind, back.unit, back.encoding) == (depth.kind, depth.unit, encoding)
    np.testing.assert_array_equal(back.valid, depth.valid)
    np.testing.assert_allclose(back.values, depth.values, rtol=1e-6)
    assert [p.name for p in tmp_path.iterdir()] == [f"a{suffix}"]


@pytest.mark.parametrize("largest", [31, 255, 256, 65535])
def test_pgm_keeps_its_numbers_whatever_the_largest(tmp_path, rng, largest):
    numbers = rng.integers(1, largest + 1, (5, 7)).astype(np.uint8 if largest < 256 else ">u2")
    header = f"P5 # a comment\n# another\n7 5\n{largest}\n".encode()
    (tmp_path / "a.pgm").write_bytes(header + numbers.tobytes())
    depth = read_depth(tmp_path / "a.pgm", "levels")
    np.testing.assert_array_equal(depth.values, numbers)
    write_depth(tmp_path / "b.pgm", depth)
    with Image.open(tmp_path / "b.pgm") as image:
        np.testing.assert_array_equal(np.asarray(image), numbers)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no PGM header"),
        (b"P2\n1 1\n255\n7\n", "no PGM header"),
        (b"P5\n2 2\n255\nabc", "promises 2×2 pixels, 4 bytes, but holds 3"),
        (b"P5\n1 1\n70000\nabc", "give 1 to 65535"),
        (b"P5\n99999999999 9999999\n255\na", "promises"),
    ],
)
def test_pgm_that_is_not_whole_is_told(tmp_path, content, told):
    (tmp_path / "a.pgm").write_bytes(content)
    with pytest.raises(FileError, match=told):
        read_depth(tmp_path / "a.pgm")


def test_dpt_is_as_sintel_gives_it(tmp_path):
    values = np.array([[1.5, 2, 0.25], [4, 8, 16]], dtype="<f4")
    (tmp_path / "a.dpt").write_bytes(struct.pack("<fii", 202021.25, 3, 2) + values.tobytes())
    depth = read_depth(tmp_path / "a.dpt", "metres")
    np.testing.assert_array_equal(depth.values, values)
    write_depth(tmp_path / "b.dpt", depth)
    assert (tmp_path / "b.dpt").read_bytes() == (tmp_path / "a.dpt").read_bytes()


@pytest.mark.parametrize("numbers", [[[0, 1], [300, 65535]], [[0.0, 1.5], [3.25, 1e5]]])
def test_tiff_is_what_pillow_reads_and_writes(tmp_path, numbers):
    whole = isinstance(numbers[0][0], int)
    given = np.array(numbers, dtype=np.uint16 if whole else np.float32)
    Image.fromarray(given).save(tmp_path / "a.tif")
    depth = read_depth(tmp_path / "a.tif", "levels16" if whole else "disparity")
    np.testing.assert_array_equal(depth.values, given)
    write_depth(tmp_path / "b.tiff", depth)
    with Image.open(tmp_path / "b.tiff") as image:
        np.testing.assert_array_equal(np.asarray(image), given)
    assert read_depth(tmp_path / "b.tiff").encoding == ("mm" if whole else "float")


def test_exr_is_its_only_channel_or_z(tmp_path):
    import OpenEXR

    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    ramp = np.arange(6, dtype=np.float32).reshape(2, 3)
    for name, channels in {
        "half": {"Y": ramp.astype(np.float16)},
        "several": {"R": 0 * ramp, "G": 0 * ramp, "B": 0 * ramp, "Z": ramp},
    }.items():
        with OpenEXR.File(header, channels) as file:
            file.write(str(tmp_path / f"{name}.exr"))
        depth = read_depth(tmp_path / f"{name}.exr")
        np.testing.assert_array_equal(depth.values, ramp)
        assert depth.encoding == "float"


def test_hdf5_is_its_only_data_set_or_depth(tmp_path):
    ramp = np.arange(6, dtype=np.uint16).reshape(2, 3)
    with h5py.File(tmp_path / "one.h5", "w") as file:
        file["some/where/z"] = ramp
    with h5py.File(tmp_path / "several.hdf5", "w") as file:
        file["colour"], file["depth"] = np.zeros((2, 3, 3)), ramp
    for name in ("one.h5", "several.hdf5"):
        depth = read_depth(tmp_path / name, "levels16")
        np.testing.assert_array_equal(depth.values, ramp)


@pytest.mark.parametrize("suffix", [".tif", ".exr", ".h5"])
def test_a_missing_library_is_named_before_any_work(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"a{suffix}"
    write_depth(path, DepthMap([[1.0]]))
    monkeypatch.setattr("dsdmsr.io.files.find_spec", lambda name: None)
    for act in (lambda: read_depth(path), lambda: check_output(tmp_path / f"b{suffix}")):
        with pytest.raises(FileError, match=r"pip install 'dsdmsr\[io\]'") as caught:
            act()
        assert suffix in str(caught.value)


def test_reading_and_writing_a_png_gives_the_same_numbers(tmp_path, rng):
    numbers = rng.integers(0, 65536, (20, 30)).astype(np.uint16)
    Image.fromarray(numbers).save(tmp_path / "a.png")
    write_depth(tmp_path / "b.png", read_depth(tmp_path / "a.png"))
    with Image.open(tmp_path / "b.png") as image:
        np.testing.assert_array_equal(np.asarray(image), numbers)


@pytest.mark.parametrize(
    ("values", "encoding", "count"),
    [([[65.5351, 65.536, 70.0]], "mm", 2), ([[0.0004, 1, 2]], "mm", 1), ([[13.2]], "tum", 1)],
)
def test_values_that_do_not_fit_are_counted_and_never_clipped(tmp_path, values, encoding, count):
    with pytest.raises(EncodingError, match=f"{count} of .* do not fit"):
        write_depth(tmp_path / "a.png", DepthMap(values, unit="m"), encoding)
    assert not list(tmp_path.iterdir())


def test_writing_refuses_another_kind_or_unit_or_a_float_png(tmp_path):
    disparity = DepthMap([[3.0]], kind="disparity", unit="px")
    for depth, encoding in [(disparity, "mm"), (disparity, "levels"), (DepthMap([[3.0]]), None)]:
        with pytest.raises(EncodingError, match="choose"):
            write_depth(tmp_path / "a.png", depth, encoding)
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_unless_asked(tmp_path):
    path = tmp_path / "a.npy"
    write_depth(path, DepthMap([[1.0]]))
    before = path.read_bytes()
    with pytest.raises(FileError, match="exists"):
        write_depth(path, DepthMap([[2.0]]))
    assert path.read_bytes() == before
    write_depth(path, DepthMap([[2.0]]), overwrite=True)
    assert read_depth(path).values[0, 0] == 2


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "a.npy"
    write_depth(path, DepthMap([[1.0]]))
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array_header_1_0", full)
    with pytest.raises(FileError, match="No space left"):
        write_depth(path, DepthMap([[2.0]]), overwrite=True)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.npy"]


def bad_files() -> dict[str, tuple[str, bytes]]:
    """Name → (file name, bytes): each is refused in one line."""
    grey = png_by_hand(np.arange(4096, dtype=np.uint16).reshape(64, 64))
    colour, palette, pickled, ragged, zipped, several = (io.BytesIO() for _ in range(6))
    Image.new("RGB", (4, 4)).save(colour, "PNG")
    Image.new("P", (4, 4)).save(palette, "PNG")
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
    four_bits = png_by_hand(np.zeros((4, 2), np.uint8))
    head = struct.pack(">IIBBBBB", 4, 4, 4, 0, 0, 0, 0)
    four_bits = (
        four_bits[:16] + head + struct.pack(">I", zlib.crc32(b"IHDR" + head)) + four_bits[33:]
    )
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
        "png of 4 bits": ("a.png", four_bits),
        "palette png": ("a.png", palette.getvalue()),
        "jpeg called png": ("a.png", jpeg.getvalue()),
        "png of 10^10 pixels": ("a.png", grey[:16] + struct.pack(">II", 10**5, 10**5) + grey[24:]),
        "truncated pfm": ("a.pfm", b"Pf\n3 2\n-1\n" + b"\0" * 23),
        "pfm with too much": ("a.pfm", b"Pf\n3 2\n-1\n" + b"\0" * 25),
        "pfm of 10^10 pixels": ("a.pfm", b"Pf\n100000 100000\n-1\n" + b"\0" * 100),
        "pfm of no pixels": ("a.pfm", b"Pf\n0 4\n-1\n"),
        "colour pfm": ("a.pfm", b"PF\n1 1\n-1\n" + b"\0" * 12),
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
    with pytest.raises(EncodingError, match="allowed are mm, tum"):
        read_depth(tmp_path / "a.png", "cm")
    (tmp_path / "c.png").write_bytes(png_by_hand(np.ones((2, 2), np.uint8)))
    with pytest.raises(EncodingError, match="has 8 bits"):
        read_depth(tmp_path / "c.png", "mm")


def test_negative_depth_in_a_file_names_the_file(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[-1.0, 2.0]]))
    with pytest.raises(DepthError, match=r"a\.npy: 1 pixels are negative"):
        read_depth(tmp_path / "a.npy")
    assert read_depth(tmp_path / "a.npy", "disparity").values[0, 0] == -1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(FileError, match="cannot be written"):
        write_depth(tmp_path / "a.npy", DepthMap([[1.0]]))


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileError, match="cannot be written"):
        write_depth(tmp_path / "file" / "a.npy", DepthMap([[1.0]]))


def test_the_dtu_sample_is_read(data_dir):
    depth = read_depth(data_dir / "dtu" / "depth_map_0000.pfm", "dtu")
    assert depth.shape == (128, 160)
    assert depth.valid.mean() == pytest.approx(0.68, abs=0.01)
    assert depth.values[depth.valid].min() == pytest.approx(0.509, abs=0.001)
    assert depth.values[depth.valid].max() == pytest.approx(0.760, abs=0.001)
