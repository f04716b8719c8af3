from __future__ import annotations

import pytest

from dsdmsr.errors import FileError
from dsdmsr.io.calib import read_calib

CALIB = """cam0=[3997.684 0 1176.728; 0 3997.684 1011.728; 0 0 1]
cam1=[3997.684 0 1307.839; 0 3997.684 1011.728; 0 0 1]
doffs=131.111
baseline=193.001
width=2964
height=1988
ndisp=280
"""


def test_calibrations_that_are_not_whole_are_told(tmp_path):
    (tmp_path / "calib.txt").write_text(CALIB)
    camera, stereo = read_calib(tmp_path / "calib.txt")
    assert (camera.fx, camera.cx, camera.cy) == (3997.684, 1176.728, 1011.728)
    assert (stereo.focal, stereo.baseline, stereo.doffs) == (3997.684, 0.193001, 131.111)
    for line in ("cam0", "doffs", "baseline"):
        (tmp_path / "calib.txt").write_text(CALIB.replace(line, f"no{line}"))
        with pytest.raises(FileError, match="lacks one of"):
            read_calib(tmp_path / "calib.txt")
    (tmp_path / "calib.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(FileError, match="cannot be read"):
        read_calib(tmp_path / "calib.txt")
