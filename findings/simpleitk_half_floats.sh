#!/usr/bin/env bash
# SimpleITK 2.5.7, TIFF files of 16-bit floats (from tifffile 2026.3.3), seen 2026-11-29 on Linux.
#
# One would expect: SimpleITK reads half floats as floats, or says that it can't, as Pillow, OpenCV, and
# SimpleITK itself for 64 bits do.
#
# What happens: ReadImage takes the bits for whole numbers: 1 metre is 15360, 2 metres are 16384, and NaN is 32256. The
# image is of 16-bit unsigned integers, as one of millimetres would be, and its numbers rise with
# depth, so nothing looks wrong.
#
# Whoever reads half floats reads them with tifffile or GDAL.
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

metres = np.array([[1, 1.5, 2, 4, np.nan]], np.float16)
file = f"{sys.argv[1]}/a.tif"
tifffile.imwrite(file, metres)
image = SimpleITK.ReadImage(file)
numbers = SimpleITK.GetArrayFromImage(image)[0].tolist()
print(f"{metres[0].tolist()} are read as {image.GetPixelIDTypeAsString()}: {numbers}")
sys.exit(numbers != [15360, 15872, 16384, 17408, 32256])
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
