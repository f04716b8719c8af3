#!/usr/bin/env bash
# rasterio 1.4.4 with its GDAL 3.10.3, GeoTIFF of 16 bits, seen 2026-11-29 on Linux, x86-64.
#
# One would expect: numbers that don't fit are treated alike in both directions, as GDAL does it: rounded, and
# clipped to what the type holds.
#
# What happens: read(out_dtype="uint16") rounds and clips, and write() of the same floats to a uint16 file cuts
# decimals and wraps: 70 metres in millimetres become 4464, -5 becomes 65531, 1.5 becomes 1. No warning is given.
#
# Whoever writes whole numbers rounds and checks them before.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q rasterio==1.4.4 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys
import warnings

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning

warnings.simplefilter("error")
warnings.simplefilter("ignore", NotGeoreferencedWarning)
numbers = np.array([[1.5, 70000, -5]], np.float32)
shape = {"driver": "GTiff", "width": 3, "height": 1, "count": 1}
for kind in ("float32", "uint16"):
    with rasterio.open(f"{sys.argv[1]}/{kind}.tif", "w", dtype=kind, **shape) as file:
        file.write(numbers, 1)
with rasterio.open(f"{sys.argv[1]}/float32.tif") as file:
    read = file.read(1, out_dtype="uint16")[0].tolist()
with rasterio.open(f"{sys.argv[1]}/uint16.tif") as file:
    written = file.read(1)[0].tolist()
print(f"{numbers[0].tolist()} read as uint16: {read}, written as uint16: {written}")
sys.exit((read, written) != ([2, 65535, 0], [1, 4464, 65531]))
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
