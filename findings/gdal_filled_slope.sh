#!/usr/bin/env bash
# rasterio 1.4.4 with its GDAL 3.10.3, rasterio.fill.fillnodata, seen 2026-11-29 on Linux.
#
# One would expect: a hole of one pixel in an even slope is filled with the slope's height. What lies around it
# is as much above as below, and the weights depend on the distance alone. A mirrored map is filled with the
# mirrored numbers.
#
# What happens: of a slope of 1 per pixel, the hole comes out half a step too high or too low: 4.46 for 4, 3.54
# after the map is mirrored. The column that the hole lies in belongs to the quadrants on the left alone:
# these find the pixels above and below, those on the right find the right side twice, and the left is not found.
#
# Whoever fills holes in slopes fills the map and its mirror images, and takes the mean; or interpolates.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q rasterio==1.4.4 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import numpy as np
from rasterio.fill import fillnodata


def filled(heights: np.ndarray) -> float:
    known = np.ones(heights.shape, bool)
    known[3, 3] = False
    holed = np.where(known, heights, -9999).astype(np.float32)
    return round(float(fillnodata(holed, mask=known)[3, 3]), 2)


rising = np.tile(np.arange(1, 8, dtype=np.float32), (7, 1))
maps = {
    "rising to the right": rising,
    "rising to the left": rising[:, ::-1],
    "rising downwards": rising.T,
    "rising upwards": rising.T[::-1],
    "flat": np.full((7, 7), 4, np.float32),
}
seen = {name: filled(heights) for name, heights in maps.items()}
for name, height in seen.items():
    print(f"{name}: the pixel of height 4 is filled with {height}")
sys.exit(list(seen.values()) != [4.46, 3.54, 4.19, 3.81, 4.0])
PY
"$folder/venv/bin/python" "$folder/look.py"
