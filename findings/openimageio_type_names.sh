#!/usr/bin/env bash
# OpenImageIO 3.2.2.0 (Python), names of types, seen 2026-11-29 on Linux.
#
# One would expect: ImageSpec(width, height, 1, "float32"), with NumPy's name of the type, makes a file of floats, or an
# error, since OpenImageIO calls that type "float".
#
# What happens: a name that it doesn't know stands for 8 bits: "float32", "float64" and "float16" give a TIFF of bytes,
# in which all depths of a metre and more are 255; write_image returns True, and there is no error. "uint16" is known
# by both.
#
# Whoever takes the name from an array's type translates it: half, float, double, uint.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q OpenImageIO==3.2.2.0 tifffile==2026.3.3 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import numpy as np
import OpenImageIO
import tifffile

metres = np.array([[0.5, 1, 2.5, 40]], np.float32)
file = f"{sys.argv[1]}/a.tif"
seen = {}
for name in ("float", "float32", "float64", "float16"):
    spec = OpenImageIO.ImageSpec(4, 1, 1, name)
    spec.attribute("compression", "none")
    out = OpenImageIO.ImageOutput.create(file)
    opened = out.open(file, spec)
    written = out.write_image(metres[..., None])
    said = out.geterror()
    out.close()
    numbers = tifffile.imread(file)
    seen[name] = (opened, written, said, numbers.dtype.name, numbers.ravel().tolist())
    print(f"{name}: {seen[name]}")
bytes_ = (True, True, "", "uint8", [128, 255, 255, 255])
expected = {
    "float": (True, True, "", "float32", [0.5, 1, 2.5, 40]),
    **dict.fromkeys(("float32", "float64", "float16"), bytes_),
}
sys.exit(seen != expected)
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
