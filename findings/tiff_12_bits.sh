#!/usr/bin/env bash
# OpenCV 5.0.0.93, OpenImageIO 3.2.2.0 beside Pillow 13.0.0, rasterio 1.4.4 (GDAL), TIFF files of 12 bits a pixel (from
# tifffile 2026.3.3 with imagecodecs 2026.3.6), seen 2026-11-29 on Linux.
#
# One would expect: of a TIFF of 12 bits, which a range camera of 12 bits writes, all readers give the same numbers,
# and with "unchanged" those that are in the file.
#
# What happens: 1600 is 1600 in GDAL, Pillow and tifffile, 25600 in OpenCV, with IMREAD_UNCHANGED, too, which moves the
# bits up by four, and 25605 in OpenImageIO, which stretches them to 65535. Neither says so.
#
# Whoever has 12 bits stores them in 16.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q opencv-python-headless==5.0.0.93 pillow==13.0.0 \
    OpenImageIO==3.2.2.0 rasterio==1.4.4 tifffile==2026.3.3 imagecodecs==2026.3.6 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys
import warnings

import cv2
import numpy as np
import OpenImageIO
import rasterio
import tifffile
from PIL import Image

warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
file = f"{sys.argv[1]}/a.tif"
tifffile.imwrite(file, np.array([[0, 1, 1600, 4095]], np.uint16), bitspersample=12)
with Image.open(file) as image:
    pillow = np.asarray(image)
with rasterio.open(file) as picture:
    gdal = picture.read(1)
seen = {
    "tifffile": tifffile.imread(file),
    "Pillow": pillow,
    "GDAL": gdal,
    "OpenCV": cv2.imread(file, cv2.IMREAD_UNCHANGED),
    "OpenImageIO": OpenImageIO.ImageInput.open(file).read_image("uint16"),
}
seen = {name: numbers.ravel().tolist() for name, numbers in seen.items()}
for name, numbers in seen.items():
    print(f"{name}: {numbers}")
stored = [0, 1, 1600, 4095]
stretched = [[0, 16, 25600, 65520], [0, 16, 25605, 65535]]
sys.exit(list(seen.values()) != [stored, stored, stored, *stretched])
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
