"""Files that are no regular ones, without end, or hidden."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from dsdmsr import read_depth
from dsdmsr.app.cli import main
from dsdmsr.errors import FileError
from dsdmsr.io import SUFFIXES
from dsdmsr.io.patterns import depth_files


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_pipe_is_refused_before_it_is_waited_for(tmp_path, suffix):
    path = tmp_path / f"depth{suffix}"
    os.mkfifo(path)
    with pytest.raises(
        FileError, match="is a pipe or a device, not a file: send it on to standard"
    ):
        read_depth(path)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX devices")
def test_a_device_is_refused_and_does_not_end_a_folder_run(tmp_path, capsys):
    np.save(tmp_path / "a.npy", np.ones((4, 4), np.float32))
    (tmp_path / "b.npy").symlink_to("/dev/zero")
    assert main(["info", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "a.npy" in out
    assert "b.npy is a pipe or a device" in err


def test_a_calibration_without_end_is_not_read_to_its_end(tmp_path):
    pixels = np.full((2, 2), 5, "<f4")
    (tmp_path / "disp.pfm").write_bytes(b"Pf\n2 2\n-1\n" + pixels.tobytes())
    calib = tmp_path / "calib.txt"
    calib.write_text("cam0=[100 0 1; 0 100 1; 0 0 1]\ndoffs=0\nbaseline=100\n")
    os.truncate(calib, 2**40)
    assert read_depth(tmp_path / "disp.pfm").encoding == "disparity"


def test_hidden_files_of_a_folder_are_left_out(tmp_path):
    for name in ("a.npy", ".hidden.npy", "._a.npy", ".cache/b.npy"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        np.save(tmp_path / name, np.ones((4, 4), np.float32))
    assert depth_files([str(tmp_path)], recursive=True) == [tmp_path / "a.npy"]
    # By its own name, it is read as any other.
    assert depth_files([str(tmp_path / ".hidden.npy")]) == [tmp_path / ".hidden.npy"]
