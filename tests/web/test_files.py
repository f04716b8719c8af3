"""The page's readers and writers against the package's: the same maps, notes and files."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image
from testing.web_damaged import SIGNATURE, chunk, damaged_files
from testing.web_engine import output
from testing.web_maps import scene

from dsdmsr import DsdmsrError, read_depth, write_depth
from dsdmsr.io.pfm import write_pfm
from dsdmsr.io.pgm import write_pgm
from dsdmsr.io.png import write_png


def _saved(folder: Path, rng: np.random.Generator) -> list[tuple[str, str | None]]:
    """Write files as people have them; return their names, and the encodings they are read in."""
    mm = np.uint16(1000 * scene(rng, 23, 31))
    mm[3:6, 4:9] = 0
    levels, relative = np.uint8(mm // 20), np.uint16(60000 * (scene(rng, 40, 40) - 1) / 4)
    relative[0, 0], relative[5:9, 5:9] = 65535, 0
    metres = scene(rng, 23, 31)
    metres[2:4, 2:4] = np.nan
    sky = np.where(metres > 3, np.float32(1e10), np.nan_to_num(metres, nan=2))
    blends = sky.copy()
    blends[:2, :2] = 3e9
    write_png(folder / "mm.png", mm)
    write_png(folder / "levels.png", levels)
    write_png(folder / "relative.png", relative)
    write_png(folder / "far.png", np.where(mm > 3000, 65535, mm).astype(np.uint16))
    write_png(folder / "byte.png", np.uint8(relative // 257))
    write_pgm(folder / "mm.pgm", mm)
    write_pgm(folder / "levels.pgm", levels)
    plain = " ".join(map(str, levels.ravel()))
    (folder / "plain.pgm").write_text(f"P2 # a comment\n31 23\n255\n{plain}\n")
    write_pfm(folder / "metres.pfm", metres)
    write_pfm(folder / "sky.pfm", blends)
    big = np.repeat(metres[::-1, :, None], 3, axis=2).astype(">f4").tobytes()
    (folder / "big.pfm").write_bytes(b"PF\n31 23\n2.5\n" + big)
    arrays = {"metres": metres, "sky": sky, "double": metres.astype(np.float64) + 1e6}
    arrays |= {"half": metres.astype(np.float16), "mm": mm, "big": mm.astype(">u2")}
    arrays |= {"whole": mm.astype(np.int64) - 50, "stack": mm[None, :, :, None]}
    arrays |= {"turned": np.asfortranarray(metres), "lost": np.where(mm > 2000, -9999, mm * 1.0)}
    arrays |= {"bits": np.float32(np.nan_to_num(metres)).view(np.uint32)}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    _pictures(folder, levels)
    names = sorted(path.name for path in folder.iterdir())
    given = [("mm.png", name) for name in ("tum", "kitti", "sunrgbd", "cityscapes", "levels")]
    given += [("mm.png", "vkitti2"), ("mm.npy", "mm"), ("mm.pgm", "disparity16")]
    given += [("metres.npy", name) for name in ("metres", "dtu", "hypersim", "inverse", "height")]
    given += [("metres.pfm", "disparity"), ("metres.npy", "mm"), ("levels.png", "relative")]
    return [*((name, None) for name in names), *given]


def _pictures(folder: Path, levels: np.ndarray) -> None:
    """Write grey PNG files in colours, with transparency, with a palette, and of 4 bits."""
    alpha = np.where(levels > 100, 255, 0).astype(np.uint8)
    Image.fromarray(np.stack([levels] * 3, axis=-1)).save(folder / "colours.png")
    Image.fromarray(np.stack([levels] * 3 + [alpha], axis=-1)).save(folder / "alpha.png")
    Image.fromarray(np.stack([levels, alpha], axis=-1)).save(folder / "grey_alpha.png")
    Image.fromarray(levels).convert("P").save(folder / "palette.png")
    Image.fromarray(levels).save(folder / "clear.png", transparency=int(levels[10, 10]))
    few = Image.fromarray(levels // 16).convert("P")
    few.putpalette([k for k in range(16) for _ in range(3)])
    few.save(folder / "few.png", bits=4)
    (folder / "interlaced.png").write_bytes(_interlaced(levels))


def _interlaced(levels: np.ndarray) -> bytes:
    """Return a PNG of 8 bits in the seven passes of Adam7, which Pillow doesn't write."""
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2)]
    passes += [(0, 1, 2, 2), (1, 0, 2, 1)]
    parts = [levels[y::down, x::right] for y, x, down, right in passes]
    rows = [b"\0" + row.tobytes() for part in parts for row in part]
    height, width = levels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 1)
    chunks = (b"IHDR" + header, b"IDAT" + zlib.compress(b"".join(rows)), b"IEND")
    return SIGNATURE + b"".join(map(chunk, chunks))


_FORMATS = ("png", "npy", "pfm", "npy mm", "png mm", "png relative16", "pfm disparity", "npy tum")


def _said_by_python(notes: tuple[str, ...]) -> list[str]:
    """Return the notes as the page has them, which knows no options of a command."""
    return [note.partition("; --")[0] for note in notes]


def test_files_are_read_and_written_as_by_the_package(engine, tmp_path, rng) -> None:
    files = _saved(tmp_path, rng)
    jobs = [{"file": name, "encoding": given, "write": _FORMATS} for name, given in files]
    said = engine.run(tmp_path, read=jobs)
    kinds = set()
    for k, (name, given) in enumerate(files):
        here, case = said[f"read{k}"], f"{name} as {given}: {said[f'read{k}']}"
        try:
            depth = read_depth(tmp_path / name, given)
        except DsdmsrError:
            assert here["error"] == "DepthFileError", case
            continue
        assert "error" not in here or here["error"] is None, case
        values, valid = output(tmp_path, f"read{k}", depth.shape)
        assert np.array_equal(valid, depth.valid), case
        assert np.array_equal(values, depth.values), case
        assert (here["kind"], here["unit"]) == (depth.kind, depth.unit), case
        assert here["encoding"] == depth.encoding, case
        first = 1 if given is None else 0
        assert here["notes"][first:] == _said_by_python(depth.metadata.notes), case
        kinds.add(depth.encoding)
        for how, written in zip(_FORMATS, here["written"], strict=True):
            _check_written(tmp_path, depth, how, written, case)
    assert {"mm", "levels", "relative", "relative16", "float"} <= kinds


def _check_written(folder: Path, depth, how: str, written: object, case: str) -> None:
    """Check a file against what the package writes, or that both refuse to write it."""
    suffix, _, encoding = how.partition(" ")
    path = folder / f"expected.{suffix}"
    try:
        write_depth(path, depth, encoding or None, overwrite=True)
    except DsdmsrError:
        assert isinstance(written, dict), f"{case}: {how}"
        return
    assert isinstance(written, str), f"{case}: {how}: {written}"
    content = (folder / written).read_bytes()
    if suffix != "png":
        assert content == path.read_bytes(), f"{case}: {how}"
        return
    with Image.open(path) as expected, Image.open(io.BytesIO(content)) as found:
        assert found.mode == expected.mode, f"{case}: {how}"
        assert np.array_equal(np.asarray(found), np.asarray(expected)), f"{case}: {how}"


def test_each_damaged_file_is_refused_in_one_clear_line(engine, tmp_path, rng) -> None:
    files = damaged_files(tmp_path, rng)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    names = [*files, "a.png", "a.pgm", "a.pfm", "a.npy"]
    said = engine.run(tmp_path, read=[{"file": n, "encoding": None, "write": []} for n in names])
    assert len(files) >= 100
    for k, name in enumerate(files):
        line = said[f"read{k}"].get("message")
        assert line is not None, f"{name} was read"
        assert said[f"read{k}"]["error"] == "DepthFileError", line
        assert line.startswith(name), line
        assert "\n" not in line, line
        assert len(line) < 250, line
        # Said by the page, not by what a library throws.
        assert not any(word in line for word in ("undefined", "RangeError", "null", "offset")), line
    for k in range(len(files), len(names)):
        assert said[f"read{k}"]["height"] == 23
