#!/usr/bin/env bash
# Pillow 13.0.0, OpenImageIO 3.2.2.0, PyAV 18.1.0 (FFmpeg), OpenCV 5.0.0.93, PGM files, seen 2026-11-29 on Linux.
#
# One would expect: a PGM file of depth in millimetres from a sensor of 12 bits, whose header says that the largest
# number is 4095, gives the millimetres, as its 16-bit PNG does.
#
# What happens: Pillow, OpenImageIO and FFmpeg stretch the numbers to 65535: 1000 mm become 16004, in OpenImageIO
# 16003, and nothing says so. OpenCV leaves 16 bits alone, and of 8 bits only binary files: 50 out of 100 is 50 in
# P5, and 127 in P2, the same picture in decimals.
#
# Whoever reads depth from PGM files multiplies by the largest number and divides by the type's, or reads them with
# a few lines of their own.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pillow==13.0.0 OpenImageIO==3.2.2.0 av==18.1.0 \
    opencv-python-headless==5.0.0.93 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import av
import cv2
import numpy as np
import OpenImageIO
from PIL import Image

file = f"{sys.argv[1]}/a.pgm"


def write(magic: str, largest: int, number: int) -> None:
    kind = ">u2" if largest > 255 else "u1"
    numbers = np.array([0, 1, number, largest], kind)
    data = numbers.tobytes() if magic == "P5" else " ".join(map(str, numbers)).encode() + b"\n"
    with open(file, "wb") as stream:
        stream.write(f"{magic}\n4 1\n{largest}\n".encode() + data)


def opencv() -> list[int]:
    return cv2.imread(file, cv2.IMREAD_UNCHANGED).ravel().tolist()


write("P5", 4095, 1000)
with Image.open(file) as image:
    seen = {"Pillow, P5 of 16 bits": np.asarray(image).ravel().tolist()}
with av.open(file) as container:
    seen["FFmpeg, P5 of 16 bits"] = next(container.decode(video=0)).to_ndarray().ravel().tolist()
picture = OpenImageIO.ImageInput.open(file).read_image("uint16")
seen["OpenImageIO, P5 of 16 bits"] = picture.ravel().tolist()
seen["OpenCV, P5 of 16 bits"] = opencv()
write("P5", 100, 50)
seen["OpenCV, P5 of 8 bits"] = opencv()
write("P2", 100, 50)
seen["OpenCV, P2 of 8 bits"] = opencv()
for name, numbers in seen.items():
    print(f"{name}: {numbers}")
expected = [
    [0, 16, 16004, 65535],
    [0, 16, 16004, 65535],
    [0, 16, 16003, 65535],
    [0, 1, 1000, 4095],
    [0, 1, 50, 100],
    [0, 2, 127, 255],
]
sys.exit(list(seen.values()) != expected)
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
