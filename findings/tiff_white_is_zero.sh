#!/usr/bin/env bash
# OpenCV 5.0.0.93, Pillow 13.0.0, OpenImageIO 3.2.2.0 beside rasterio 1.4.4 (GDAL), SimpleITK 2.5.7, TIFF files whose
# PhotometricInterpretation is WhiteIsZero, seen 2026-11-29 on Linux.
#
# One would expect: a reader either turns the numbers around, or leaves that to whoever shows the picture, for all
# types alike.
#
# What happens: OpenCV, Pillow and OpenImageIO turn 8 bits around, 5 becomes 250, and leave 16 bits and floats: the same
# inverse depth, saved in 16 bits instead of 8, has near and far swapped. GDAL, SimpleITK and
# tifffile leave all.
#
# Whoever reads depth from TIFF files decides once, by the tag.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q opencv-python-headless==5.0.0.93 pillow==13.0.0 \
    OpenImageIO==3.2.2.0 rasterio==1.4.4 simpleitk==2.5.7 tifffile==2026.3.3 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys
import warnings

import cv2
import numpy as np
import OpenImageIO
import rasterio
import SimpleITK
import tifffile
from PIL import Image

warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
file = f"{sys.argv[1]}/a.tif"


def pillow() -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(image)


def openimageio() -> np.ndarray:
    picture = OpenImageIO.ImageInput.open(file)
    return picture.read_image(picture.spec().format)


def gdal() -> np.ndarray:
    with rasterio.open(file) as picture:
        return picture.read(1)


readers = {
    "OpenCV": lambda: cv2.imread(file, cv2.IMREAD_UNCHANGED),
    "Pillow": pillow,
    "OpenImageIO": openimageio,
    "GDAL": gdal,
    "SimpleITK": lambda: SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(file)),
    "tifffile": lambda: tifffile.imread(file),
}
seen = {}
for name, read in readers.items():
    for kind in ("uint8", "uint16", "float32"):
        tifffile.imwrite(file, np.array([[5, 100]], kind), photometric="miniswhite")
        seen.setdefault(name, []).append(float(read().ravel()[0]))
    print(f"{name}: 5 in 8 bits, 16 bits and floats is {seen[name]}")
turning = ("OpenCV", "Pillow", "OpenImageIO")
expected = {name: [250.0 if name in turning else 5.0, 5.0, 5.0] for name in readers}
sys.exit(seen != expected)
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
