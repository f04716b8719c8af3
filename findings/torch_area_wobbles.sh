#!/usr/bin/env bash
# torch 2.13.0, functional.interpolate(mode="area"), and OpenCV 4.14.0 (opencv-python-headless 4.14.0.94),
# INTER_AREA, seen 2026-11-29 on Linux.
#
# One would expect: "area" weighs each input pixel by the share of it that lies under the output pixel, as
# OpenCV's INTER_AREA does; a slanted plane of depth stays a plane when it is made smaller.
#
# What happens: where the sizes don't divide, torch takes whole input pixels, from ⌊k·n/m⌋ to ⌈(k+1)·n/m⌉:
# windows of unequal widths that overlap. A ramp of 40 pixels, made 13 wide, wobbles about a line by half a
# pixel's rise; OpenCV's result by a hundredth.
#
# Depth maps that were made smaller so (training targets, network inputs of a fixed size) have a ripple on
# slanted surfaces that no edge-preserving loss sees, and normals show.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q torch==2.13.0 numpy==2.4.6 opencv-python-headless==4.14.0.94 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import cv2
import numpy as np
import torch
from torch.nn import functional

ramp = np.tile(np.arange(40, dtype=np.float32), (4, 1))
by_torch = functional.interpolate(torch.from_numpy(ramp)[None, None], (4, 13), mode="area")[0, 0, 0].numpy()
by_opencv = cv2.resize(ramp, (13, 4), interpolation=cv2.INTER_AREA)[0]
line = (np.arange(13) + 0.5) * 40 / 13 - 0.5
off = [float(np.abs(made - line).max()) for made in (by_torch, by_opencv)]
print(f"off the line, in pixels' rises: torch {off[0]:.3f}, OpenCV {off[1]:.6f}")
assert off[0] > 0.4
assert off[1] < 0.05
PY
# Output on 2026-11-29: off the line, in pixels' rises: torch 0.462, OpenCV 0.011542
