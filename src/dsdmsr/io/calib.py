"""The calib.txt files beside Middlebury's disparity maps.

Source: "Middlebury stereo datasets" 2014 and 2021: lines ``cam0=[f 0 cx; 0 f cy; 0 0 1]``,
``doffs=`` in pixels, ``baseline=`` in millimetres; ``Z = baseline·f / (d + doffs)``.
"""

from __future__ import annotations

import re
from pathlib import Path

from dsdmsr.depth.cameras import Intrinsics, Stereo
from dsdmsr.errors import DepthError, FileError

__all__ = ["read_calib"]

_MOST = 2**16
"""Characters that are read; such files have some hundred."""
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


def read_calib(path: Path) -> tuple[Intrinsics, Stereo]:
    """Return the left camera, and what turns disparity into metres.

    Raises:
        FileError: If the file cannot be read, lacks one of the lines, or holds no two cameras.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(_MOST)
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path} cannot be read: {error}") from error
    camera = re.search(r"^cam0=\[([^\]]*)\]", text, re.MULTILINE)
    cells = re.findall(_NUMBER, camera[1]) if camera else []
    numbers = {
        name: re.search(rf"^{name}=({_NUMBER})", text, re.MULTILINE)
        for name in ("doffs", "baseline")
    }
    doffs, baseline = numbers["doffs"], numbers["baseline"]
    if len(cells) != 9 or doffs is None or baseline is None:
        raise FileError(f"{path} lacks one of cam0=[3×3], doffs=, baseline=")
    fx, _, cx, _, fy, cy = map(float, cells[:6])
    try:
        stereo = Stereo(focal=fx, baseline=float(baseline[1]) / 1000, doffs=float(doffs[1]))
    except DepthError as error:
        raise FileError(f"{path}: {error}") from error
    return Intrinsics(fx=fx, fy=fy, cx=cx, cy=cy), stereo
