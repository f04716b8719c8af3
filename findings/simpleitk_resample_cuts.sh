#!/usr/bin/env bash
# SimpleITK 2.5.7, Resample of unsigned 16-bit numbers, seen 2026-11-29 on Linux.
#
# One would expect: between 1000 and 1001 millimetres, at three quarters of the way, linear interpolation gives the
# nearest whole number, 1001, as OpenCV and SciPy do, and as SimpleITK's own BinShrink rounds.
#
# What happens: Resample cuts: 1000.75 is 1000, and maps come out half a unit too low on average. Cast of floats
# cuts, too, and wraps: -1.6 becomes 65535, 70000 becomes 4464, where the interpolator clips.
#
# Whoever resizes depth with SimpleITK does so in floats, and rounds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q simpleitk==2.5.7 scipy==1.17.1 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import numpy as np
import SimpleITK
from scipy import ndimage


def numbers(image: SimpleITK.Image) -> list[float]:
    return SimpleITK.GetArrayFromImage(image)[0].tolist()


row = np.array([[1000, 1001, 1002, 1003]] * 3, np.uint16)
image = SimpleITK.GetImageFromArray(row)
identity = SimpleITK.Transform(2, SimpleITK.sitkIdentity)
place = [3, 3], identity, SimpleITK.sitkLinear, [0.75, 0], [1, 1]
floats = SimpleITK.GetImageFromArray(np.array([[1.6, -1.6, 70000]], np.float32))
seen = {
    "exact": numbers(SimpleITK.Resample(SimpleITK.Cast(image, SimpleITK.sitkFloat32), *place)),
    "SimpleITK, Resample": numbers(SimpleITK.Resample(image, *place)),
    "SciPy, shift": ndimage.shift(row, (0, -0.75), order=1)[0, :3].tolist(),
    "SimpleITK, Cast of 1.6, -1.6, 70000": numbers(SimpleITK.Cast(floats, SimpleITK.sitkUInt16)),
}
for name, found in seen.items():
    print(f"{name}: {found}")
expected = [[1000.75, 1001.75, 1002.75], [1000, 1001, 1002], [1001, 1002, 1003], [1, 65535, 4464]]
sys.exit(list(seen.values()) != expected)
PY
"$folder/venv/bin/python" "$folder/look.py"
