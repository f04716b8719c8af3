#!/usr/bin/env bash
# pyvips 3.2.0 with libvips 8.18.7 (pyvips-binary), 16-bit arrays to PNG, seen 2026-11-29 on Linux.
#
# One would expect: an array of uint16 becomes a 16-bit PNG, as its TIFF is one of 16 bits.
#
# What happens: new_from_array calls the array "b-w", and the PNG has 8 bits: all above 255 becomes 255, so that a map
# in millimetres is white from a quarter of a metre on. With the interpretation "grey16" all 16 bits are written.
#
# Whoever writes depth by libvips sets image.copy(interpretation="grey16") first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pyvips==3.2.0 pyvips-binary==8.18.7 pillow==13.0.0 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import numpy as np
import pyvips
from PIL import Image

millimetres = np.array([[0, 200, 255, 256, 1500, 65535]], np.uint16)
picture = pyvips.Image.new_from_array(millimetres)
seen = []
for name, each in (("as it is", picture), ("grey16", picture.copy(interpretation="grey16"))):
    for suffix in ("png", "tif"):
        file = f"{sys.argv[1]}/a.{suffix}"
        each.write_to_file(file)
        with Image.open(file) as image:
            seen.append(np.asarray(image)[0].tolist())
        print(f"{name}, {suffix}: {seen[-1]}")
right = millimetres[0].tolist()
sys.exit(seen != [[0, 200, 255, 255, 255, 255], right, right, right])
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
