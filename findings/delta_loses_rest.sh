#!/usr/bin/env bash
# numcodecs 0.16.6, the filter Delta on floats, as Zarr arrays take it, seen 2026-11-29 on Linux.
#
# One would expect: Delta, which stores differences so that they compress better, gives back what went in, holes
# included: of whole numbers it does, and so does the predictor of TIFF on floats, which works on their bytes.
#
# What happens: floats are subtracted and added up again as floats. All pixels behind the first NaN of a chunk come
# back NaN, and all behind the first 1e10, Blender's background, lose what is smaller than 1024: rooms
# become 0. Nothing is raised.
#
# Whoever stores floats with holes leaves Delta out, or takes it on a view of them as whole numbers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q numcodecs==0.16.6 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import numcodecs
import numpy as np

codec = numcodecs.Delta("<f4")
seen = []
for hole in (np.nan, 1e10):
    metres = np.array([1.5, 2.5, hole, 3.5, 4.5, 5.5], np.float32)
    back = codec.decode(codec.encode(metres)).tolist()
    print(f"{metres.tolist()} come back as {back}")
    seen.append(back)
whole = np.array([1500, 2500, 65535, 3500], np.uint16)
codec = numcodecs.Delta("<u2")
print("whole numbers come back:", (codec.decode(codec.encode(whole)) == whole).all())
lost = np.isnan(seen[0][2:]).all() and seen[1] == [1.5, 2.5, 1e10, 0.0, 1.0, 2.0]
sys.exit(not lost)
PY
"$folder/venv/bin/python" "$folder/look.py"
