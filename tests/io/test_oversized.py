"""Files that promise far more than they hold, and the one rule by which they are refused."""

from __future__ import annotations

import zipfile

import h5py
import numpy as np
import pytest

from benchmarks.common.oversized_files import FILES
from dsdmsr import read_depth
from dsdmsr.app.cli import main
from dsdmsr.errors import FileError
from dsdmsr.io import checks

REFUSED = [name for name in FILES if "let through" not in name and "beside" not in name]


@pytest.mark.parametrize("name", REFUSED)
def test_what_promises_too_much_is_refused_for_that(tmp_path, name):
    path = tmp_path / f"depth{FILES[name].suffix}"
    FILES[name].write(path)
    with pytest.raises(FileError) as error:
        read_depth(path)
    text = str(error.value)
    assert "promise" in text or "are read" in text
    assert "--any-size" in text or name == "NPY, a header alone"


def test_another_member_of_an_archive_is_not_read(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, depth=np.full((4, 4), 2, np.float32), other=np.arange(5000.0))
    content = bytearray(path.read_bytes())
    at = content.index(np.arange(2500, 2503, dtype=float).tobytes())
    content[at : at + 8] = bytes(8)
    path.write_bytes(content)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() == "other.npy"
    assert read_depth(path).values.tolist() == np.full((4, 4), 2).tolist()


def test_a_file_that_is_trusted_is_read_whatever_it_promises(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(checks, "SURE", 1000)
    monkeypatch.setattr(checks, "MOST_COMPRESSED", 1)
    path = tmp_path / "hollow.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("depth", (30, 40), "f4", chunks=(10, 10), fillvalue=2)
    with pytest.raises(FileError, match="promises 4,800 bytes of numbers, but stores 0: if it is"):
        read_depth(path)
    assert read_depth(path, any_size=True).shape == (30, 40)
    assert main(["info", str(path)]) == 2
    assert main(["info", "--any-size", str(path)]) == 0
    assert "40×30" in capsys.readouterr().out
    out = tmp_path / "out.npy"
    assert main(["upscale", str(path), "-o", str(out), "--scale", "2", "--any-size"]) == 0
    # What was allowed once isn't for the next file.
    with pytest.raises(FileError):
        read_depth(path)


def test_whole_numbers_of_few_bits_count_as_the_floats_that_maps_are_kept_in(tmp_path, monkeypatch):
    monkeypatch.setattr(checks, "SURE", 1000)
    path = tmp_path / "hollow.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("depth", (20, 20), "u1", chunks=(10, 10))
    with pytest.raises(FileError, match="promises 400 bytes"):
        read_depth(path)
