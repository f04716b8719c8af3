#!/usr/bin/env bash
# OpenCV 5.0.0.93, reprojectImageTo3D with handleMissingValues, seen 2026-11-29 on Linux.
#
# One would expect: the option moves pixels without a disparity (0, below 0, or NaN) to Z = 10000, and
# leaves a map in which every pixel has one as it is without the option.
#
# What happens: the smallest disparity of each map is taken for "missing", whatever it is: in a map without holes, the
# farthest surface, a wall at 10 metres, goes to 10000. With one pixel of 0, the wall stays and the pixel goes; with
# one of NaN, the wall goes, and NaN stays NaN.
#
# Whoever has maps without holes leaves the option out; whoever has holes masks them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q opencv-python-headless==5.0.0.93 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import cv2
import numpy as np

projection = np.array([[1, 0, 0, -2], [0, 1, 0, -2], [0, 0, 0, 100], [0, 0, 1, 0]], np.float32)


def depths(disparities: list[float]) -> list[float]:
    rows = np.array([disparities] * 3, np.float32)
    points = cv2.reprojectImageTo3D(rows, projection, handleMissingValues=True)
    return points[0, :, 2].round(2).tolist()


seen = {}
for disparities in ((10, 20, 40, 50), (10, 20, 40, 0), (10, 20, 40, float("nan"))):
    seen[disparities] = depths(disparities)
    print(f"disparities {disparities}: Z = {seen[disparities]}")
first, second, third = seen.values()
changed = first != [10000, 5, 2.5, 2] or second != [10, 5, 2.5, 10000] or third[0] != 10000
sys.exit(changed)
PY
"$folder/venv/bin/python" "$folder/look.py"
