#!/usr/bin/env bash
# Pillow 13.0.0 with NumPy 2.4.6, TIFF files with an orientation tag, seen 2026-11-29 on Linux.
#
# One would expect: Image.open(file) gives the picture turned as the orientation tag says, or as it is stored.
#
# What happens: for the orientations that swap rows and columns (5 to 8), an uncompressed grey TIFF of 8 or 16
# bits is cut into rows of its height instead of its width, and these are turned: the picture is neither of
# both, of the stored size, and nothing is raised. Floats come out right.
#
# Whoever reads depth from TIFF files takes tifffile and turns it by the tag.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pillow==13.0.0 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import numpy as np
from PIL import Image

ORIENTATION, LEFT_TOP = 274, 5
stored = np.arange(1, 7, dtype=np.uint16).reshape(2, 3)
seen = {}
for name, numbers in (("uint8", stored.astype(np.uint8)), ("uint16", stored), ("float32", stored / 1)):
    picture = Image.fromarray(numbers.astype(name))
    picture.save(f"{sys.argv[1]}/a.tif", tiffinfo={ORIENTATION: LEFT_TOP})
    with Image.open(f"{sys.argv[1]}/a.tif") as image:
        image.load()
        seen[name] = np.asarray(image).tolist()
print("stored:", stored.tolist(), "turned:", stored.T.tolist())
for name, numbers in seen.items():
    print(f"{name}: {numbers}")
mixed = stored.reshape(3, 2).T.tolist()
sys.exit(seen != {"uint8": mixed, "uint16": mixed, "float32": stored.T.tolist()})
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
# Seen:
# stored: [[1, 2, 3], [4, 5, 6]] turned: [[1, 4], [2, 5], [3, 6]]
# uint8: [[1, 3, 5], [2, 4, 6]]
# uint16: [[1, 3, 5], [2, 4, 6]]
# float32: [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]
