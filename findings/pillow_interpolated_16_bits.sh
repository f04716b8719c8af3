#!/usr/bin/env bash
# Pillow 13.0.0, Image.rotate and Image.transform of 16-bit grey with interpolation, seen 2026-11-29 on Linux.
#
# One would expect: turning a flat map of 1000 millimetres with bilinear interpolation gives 1000 millimetres, as
# it does in floats and in 32 bits, and as Image.resize does in 16 bits; or an error where this is not supported.
#
# What happens: with BILINEAR and BICUBIC, the bytes of the numbers are interpolated as though they were grey levels
# of 8 bits: of 1000 come numbers from 3 to 255, and nothing is raised. NEAREST is right.
#
# Whoever turns depth with Pillow converts it to floats (mode "F") before.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pillow==13.0.0 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import numpy as np
from PIL import Image

flat = np.full((8, 8), 1000, np.uint16)
seen = {}
for name in ("NEAREST", "BILINEAR", "BICUBIC"):
    filter = Image.Resampling[name]
    for kind in ("uint16", "float32"):
        image = Image.fromarray(flat.astype(kind))
        moved = image.transform((8, 8), Image.Transform.AFFINE, (1, 0, 0.5, 0, 1, 0), filter)
        seen[name, kind] = np.asarray(moved)[4, :7].tolist()
        print(f"{name}, {kind}: {seen[name, kind]}")
right = [name for name, numbers in seen.items() if numbers == [1000] * 7]
wrong = [name for name in seen if name not in right]
sys.exit(wrong != [("BILINEAR", "uint16"), ("BICUBIC", "uint16")])
PY
"$folder/venv/bin/python" "$folder/look.py"
