#!/usr/bin/env bash
# OpenCV 5.0.0.93, PyAV 18.1.0 (FFmpeg), OpenImageIO 3.2.2.0, Pillow 13.0.0, PFM files, seen 2026-11-29 on Linux.
#
# One would expect: the third line of a PFM file, "-0.5", says by its sign that bytes are little-endian, and all
# readers make the same of its size: they leave the numbers alone, or multiply by it as the format's description
# has it. Rows go from the bottom to the top, and readers turn them.
#
# What happens: the same file gives 2, 0.5 or 1 for the 1 in it. OpenCV and FFmpeg divide by the scale,
# OpenImageIO multiplies, Pillow leaves it. Disparities of Middlebury 2014, whose files say -0.003922, come out 255
# times as large in OpenCV. OpenImageIO gives the last row first.
#
# Whoever reads depth from PFM files reads the third line themselves.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q opencv-python-headless==5.0.0.93 av==18.1.0 \
    OpenImageIO==3.2.2.0 pillow==13.0.0 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import av
import cv2
import numpy as np
import OpenImageIO
from PIL import Image

file = f"{sys.argv[1]}/a.pfm"
rows_from_top = np.array([[1, 2], [3, 4]], "<f4")
with open(file, "wb") as stream:
    stream.write(b"Pf\n2 2\n-0.5\n" + rows_from_top[::-1].tobytes())
with av.open(file) as container:
    ffmpeg = next(container.decode(video=0)).to_ndarray()
with Image.open(file) as image:
    pillow = np.asarray(image)
seen = {
    "OpenCV": cv2.imread(file, cv2.IMREAD_UNCHANGED),
    "FFmpeg": ffmpeg,
    "OpenImageIO": OpenImageIO.ImageInput.open(file).read_image("float").reshape(2, 2),
    "Pillow": pillow,
}
for name, numbers in seen.items():
    print(f"{name}: {numbers.tolist()}")
expected = {
    "OpenCV": rows_from_top * 2,
    "FFmpeg": rows_from_top * 2,
    "OpenImageIO": rows_from_top[::-1] / 2,
    "Pillow": rows_from_top,
}
sys.exit(any((seen[name] != expected[name]).any() for name in seen))
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
