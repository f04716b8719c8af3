#!/usr/bin/env bash
# Pillow 13.0.0, Image.convert of 16-bit grey to RGB or to 8-bit grey, seen 2026-11-29 on Linux.
#
# One would expect: the numbers are shared out over the levels, so that 65535 is white and 32768 is middle grey, as
# OpenCV's IMREAD_COLOR does it; or an error.
#
# What happens: every number from 255 on becomes 255. Depth in millimetres, or of the whole range, becomes a white
# picture, and nothing is raised. Before 10.3, Pillow opened such files in mode I, and programs have code for that mode
# that divides first; of mode I;16 it doesn't know: ComfyUI 0.3.64's LoadImage gives white for 16-bit PNG files.
#
# Whoever shows 16-bit depth divides its numbers as an array.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pillow==13.0.0 numpy==2.4.6 opencv-python-headless==4.14.0.94 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

path = str(Path(sys.argv[1]) / "depth.png")
numbers = np.array([[0, 100, 255, 256, 1000, 32768, 65535]], np.uint16)
Image.fromarray(numbers).save(path)
image = Image.open(path)
print(f"mode {image.mode}: {numbers[0].tolist()}")
seen = {}
for mode in ("RGB", "L"):
    seen[mode] = np.asarray(image.convert(mode)).reshape(7, -1)[:, 0].tolist()
    print(f"Pillow, converted to {mode}: {seen[mode]}")
other = cv2.imread(path, cv2.IMREAD_COLOR)[0, :, 0].tolist()
print(f"OpenCV, read with colours: {other}")
clipped = np.minimum(numbers[0], 255).tolist()
sys.exit(not (image.mode == "I;16" and seen == {"RGB": clipped, "L": clipped} and other[5] == 128))
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
