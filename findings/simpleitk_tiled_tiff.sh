#!/usr/bin/env bash
# SimpleITK 2.5.7 (ITK), TIFF files in tiles (from tifffile 2026.3.3), seen 2026-11-29 on Linux.
#
# One would expect: SimpleITK reads a 16-bit grey TIFF in tiles as 16-bit grey, as it reads one in strips.
#
# What happens: it becomes a picture of four channels of 8 bits, each the number's high byte; a warning goes to
# stderr, and ReadImage returns. Floats in tiles are refused.
#
# Whoever writes TIFF files for ITK's programs writes strips.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q simpleitk==2.5.7 tifffile==2026.3.3 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import numpy as np
import SimpleITK
import tifffile

depth = np.full((32, 32), 1000, np.uint16)
depth[:16] = 4000
file = f"{sys.argv[1]}/a.tif"
seen = []
for tile in (None, (16, 16)):
    tifffile.imwrite(file, depth, tile=tile)
    image = SimpleITK.ReadImage(file)
    corners = SimpleITK.GetArrayFromImage(image)[[0, -1], 0].tolist()
    seen.append((image.GetPixelIDTypeAsString(), image.GetNumberOfComponentsPerPixel(), corners))
    print(f"{'tiles' if tile else 'strips'}: {seen[-1]}")
expected = [
    ("16-bit unsigned integer", 1, [4000, 1000]),
    ("vector of 8-bit unsigned integer", 4, [[15, 15, 15, 255], [3, 3, 3, 255]]),
]
sys.exit(seen != expected)
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder" 2>/dev/null
