#!/usr/bin/env bash
# PyAV 18.1.0 (FFmpeg), grey video of 16 bits to 12, seen 2026-11-29 on Linux.
#
# One would expect: on the way from gray16 to gray12, which HEVC and other codecs of depth video take, the lowest four
# bits go, the same for all pixels: a wall at 1000 millimetres is one number.
#
# What happens: the wall becomes a chequerboard of 62 and 63, and comes back as 992 and 1008 millimetres: numbers
# are dithered by a pattern, as for the eye, and 10 bits give 15 and 16 in another pattern, so that normals
# and edges of a flat map are noise of 16 to 64 units. The way up isn't a shift, either: 1000 of 12 bits become 16003.
#
# Whoever stores depth as video shifts the bits with NumPy, and hands over frames of the codec's own format.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q av==18.1.0 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import av
import numpy as np


def converted(level: int, source: str, target: str) -> np.ndarray:
    flat = np.full((16, 16), level, np.uint16)
    return av.VideoFrame.from_ndarray(flat, format=source).reformat(format=target).to_ndarray()


twelve = converted(1000, "gray16le", "gray12le")
back = av.VideoFrame.from_ndarray(twelve, format="gray12le").reformat(format="gray16le")
seen = [
    np.unique(twelve).tolist(),
    np.unique(converted(1000, "gray16le", "gray10le")).tolist(),
    np.unique(back.to_ndarray()).tolist(),
    np.unique(converted(1000, "gray12le", "gray16le")).tolist(),
]
print(f"a flat map of 1000 in 12 bits: {seen[0]}, in 10 bits: {seen[1]}")
print(twelve[:4, :8])
print(f"back from 12 bits: {seen[2]}; 1000 of 12 bits in 16 bits: {seen[3]}")
sys.exit(seen != [[62, 63], [15, 16], [992, 1008], [16003]])
PY
"$folder/venv/bin/python" "$folder/look.py"
