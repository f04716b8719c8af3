#!/usr/bin/env bash
# SciPy 1.17.1, OpenCV 5.0.0.93, means over windows of 3×3, seen 2026-11-29 on Linux.
#
# One would expect: a NaN, or a huge number, reaches the windows that it lies in, nine pixels; it does in
# a Gaussian.
#
# What happens: the sums run along, one pixel added, one taken away, and NaN minus NaN stays NaN. In
# scipy.ndimage.uniform_filter, everything to the right of the hole and below is lost, in cv2.blur everything below
# it. A background of 1e30 leaves finite, wrong numbers below: 0.33 instead of 1 in a flat map.
#
# Whoever takes means of maps with holes sets them to 0, and divides by the mean of the mask.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q scipy==1.17.1 opencv-python-headless==5.0.0.93 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import cv2
import numpy as np
from scipy import ndimage


def flat_but(number: float) -> np.ndarray:
    depth = np.ones((8, 8), np.float32)
    depth[3, 3] = number
    return depth


holed = flat_but(np.nan)
seen = {
    "uniform_filter": ndimage.uniform_filter(holed, 3),
    "blur": cv2.blur(holed, (3, 3)),
    "GaussianBlur": cv2.GaussianBlur(holed, (3, 3), 0),
}
for name, means in seen.items():
    print(f"{name}: {np.isnan(means).sum()} pixels are NaN:")
    print("\n".join("".join("x" if lost else "." for lost in row) for row in np.isnan(means)))
below = cv2.blur(flat_but(1e30), (3, 3))[7].round(2).tolist()
print("blur, 1e30 in row 3, row 7:", below)
counts = [int(np.isnan(means).sum()) for means in seen.values()]
wrong = any(number != 1 for number in below)
sys.exit(counts != [36, 18, 9] or not wrong)
PY
"$folder/venv/bin/python" "$folder/look.py"
