from __future__ import annotations

import zlib
from concurrent.futures import ThreadPoolExecutor

import cv2
import imagecodecs
import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngImageFile
from testing.png_by_hand import png_by_hand

from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import FileError
from dsdmsr.io import read_numbers, read_stored
from dsdmsr.io.png import pack_png, write_png
from dsdmsr.io.png_rows import compressed_rows


def test_reading_and_writing_a_png_gives_the_same_numbers(tmp_path, rng):
    numbers = rng.integers(0, 65536, (20, 30)).astype(np.uint16)
    Image.fromarray(numbers).save(tmp_path / "a.png")
    write_depth(tmp_path / "b.png", read_depth(tmp_path / "a.png"))
    with Image.open(tmp_path / "b.png") as image:
        np.testing.assert_array_equal(np.asarray(image), numbers)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, ">u2"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (256, 1), (257, 7), (700, 30)])
def test_pillow_reads_what_is_written_and_packed(tmp_path, rng, shape, dtype):
    numbers = rng.integers(0, 2 ** (8 * np.dtype(dtype).itemsize), shape).astype(dtype)
    write_png(tmp_path / "a.png", numbers.T)
    (tmp_path / "b.png").write_bytes(pack_png(numbers))
    for name, expected in (("a.png", numbers.T), ("b.png", numbers)):
        with Image.open(tmp_path / name) as image:
            image.load()
            np.testing.assert_array_equal(np.asarray(image), expected)


def png(path, numbers: np.ndarray) -> None:
    Image.fromarray(numbers).save(path)


def test_a_png_may_be_larger_than_pillow_thinks_safe_but_not_a_bomb(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    numbers = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)
    write_depth(tmp_path / "a.png", DepthMap((numbers + 1) / 1000, unit="m", encoding="mm"))
    assert read_depth(tmp_path / "a.png").shape == (40, 50)
    assert Image.MAX_IMAGE_PIXELS == 100
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[16:24] = (100_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    (tmp_path / "bomb.png").write_bytes(content)
    with pytest.raises(FileError, match="promises 40,000,000,000 bytes of numbers, but stores"):
        read_depth(tmp_path / "bomb.png")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("kind", ["noise", "flat", "slope", "rows", "few"])
def test_opencv_reads_what_each_filter_and_window_makes(tmp_path, rng, dtype, kind):
    y, x = np.mgrid[0:130, 0:77]
    numbers = {
        "noise": rng.integers(0, 256, x.shape),
        "flat": 0 * x + 200,
        "slope": 3 * x + y,
        "rows": 100 * (y % 3) + x // 9,
        "few": np.tile(rng.integers(0, 256, (1, 77)), (130, 1)),
    }[kind].astype(dtype)
    for name in ("a.png", "b.png"):
        write_png(tmp_path / name, numbers)
    read = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, numbers)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize(("own_steps", "filter_"), [(True, 1), (False, 2)])
def test_the_filter_that_repeats_more_is_taken(rng, own_steps, filter_):
    # Each row rises by steps of its own, so that it repeats itself less the pixel before.
    steps = np.outer(rng.permutation(64), np.arange(64)).astype(np.uint16)
    same = np.tile(rng.integers(0, 60_000, 64), (64, 1)).astype(np.uint16)
    content = compressed_rows(steps if own_steps else same)
    rows = np.frombuffer(zlib.decompress(content), np.uint8).reshape(64, -1)
    assert set(rows[16:, 0]) == {filter_}


@pytest.mark.parametrize("bits", [2, 4])
def test_levels_of_few_bits_are_those_in_the_file(tmp_path, rng, bits):
    levels = rng.integers(0, 2**bits, (9, 13)).astype(np.uint8)
    (tmp_path / "a.png").write_bytes(png_by_hand(levels, bits))
    stored = read_stored(tmp_path / "a.png")
    np.testing.assert_array_equal(stored.numbers, levels)
    assert stored.notes == (f"it has {bits} bits: {2**bits} levels, 0 to {2**bits - 1}",)


def test_black_and_white_is_no_map(tmp_path):
    (tmp_path / "a.png").write_bytes(png_by_hand(np.eye(9, dtype=np.uint8), 1))
    with pytest.raises(FileError, match="black and white alone: give grey numbers"):
        read_depth(tmp_path / "a.png")


@pytest.mark.parametrize("channels", [2, 3, 4])
def test_equal_colours_of_16_bits_keep_all_bits(tmp_path, rng, channels):
    grey = rng.integers(1, 65536, (9, 13)).astype(np.uint16)
    opaque = np.where(rng.random(grey.shape) < 0.8, 65535, 0).astype(np.uint16)
    planes = {2: [grey, opaque], 3: [grey] * 3, 4: [grey] * 3 + [opaque]}[channels]
    order = [2, 1, 0, 3][: len(planes)] if channels > 2 else [0]
    picture = np.stack([planes[k] for k in order], axis=-1)
    if channels == 2:  # OpenCV writes no grey with alpha
        (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(np.stack(planes, axis=-1)))
    else:
        cv2.imwrite(str(tmp_path / "a.png"), picture)
    depth = read_depth(tmp_path / "a.png", "mm")
    seen = opaque > 0 if channels in (2, 4) else np.ones(grey.shape, bool)
    np.testing.assert_array_equal(depth.valid, seen)
    np.testing.assert_array_equal(depth.values[seen], (grey[seen] / 1000).astype(np.float32))


def test_different_colours_of_16_bits_are_refused(tmp_path, rng):
    cv2.imwrite(str(tmp_path / "a.png"), rng.integers(0, 65536, (9, 13, 3)).astype(np.uint16))
    with pytest.raises(FileError, match="a picture in colours"):
        read_depth(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(FileError, match="damaged or cut off"):
        read_depth(tmp_path / "cut.png")


def test_threads_that_read_leave_pillows_limit_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    numbers = np.arange(40 * 50, dtype=np.uint16).reshape(40, 50)
    png(tmp_path / "a.png", numbers)
    limits = []

    class Watched(PngImageFile):
        def load(self) -> object:
            limits.append(Image.MAX_IMAGE_PIXELS)
            return super().load()

    monkeypatch.setattr("dsdmsr.io.png.PngImageFile", Watched)
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(read_numbers, [tmp_path / "a.png"] * 40))
    assert all((each == numbers).all() for each in read)
    assert len(limits) >= 40
    assert set(limits) == {100}
