#!/usr/bin/env bash
# PyAV 18.1.0 and FFmpeg 9.0.2 (imageio-ffmpeg 0.8.1), grey floats to 16 bits, seen 2026-11-29 on Linux.
#
# One would expect: a PFM of floats from 0 to 1 becomes a 16-bit PNG of 0 to 65535, as it becomes one of 0 to 255 in
# 8 bits, and as 16 bits become floats from 0 to 1.
#
# What happens: on the way to 16 bits, and only there, the floats are taken for television's range and stretched: all
# below 0.0625 become 0, 0.1 becomes 0.044, what lies above 0.918 becomes 65535. Near or far surfaces are gone
# from a depth map, the rest is displaced by up to 8 per cent of the range, and a 16-bit map doesn't survive the way
# to floats and back.
#
# Whoever makes 16 bits of floats does so with NumPy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q av==18.1.0 imageio-ffmpeg==0.8.1 pillow==13.0.0 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import subprocess
import sys

import av
import imageio_ffmpeg
import numpy as np
from PIL import Image

shares = np.array([0.0, 0.05, 0.1, 0.5, 0.9, 0.95, 1.0], np.float32)
depth = np.tile(np.repeat(shares, 16), (16, 1))


def found(numbers: np.ndarray, largest: int) -> list[float]:
    return (numbers[8, 8::16] / largest).round(3).tolist()


frame = av.VideoFrame.from_ndarray(depth, format="grayf32le")
seen = {
    "PyAV, 8 bits": found(frame.reformat(format="gray").to_ndarray(), 255),
    "PyAV, 16 bits": found(frame.reformat(format="gray16le").to_ndarray(), 65535),
}
with open(f"{sys.argv[1]}/a.pfm", "wb") as stream:
    stream.write(f"Pf\n{depth.shape[1]} 16\n-1\n".encode() + depth[::-1].astype("<f4").tobytes())
program = imageio_ffmpeg.get_ffmpeg_exe()
command = [program, "-v", "error", "-i", "a.pfm", "-pix_fmt", "gray16be", "a.png"]
subprocess.run(command, cwd=sys.argv[1], check=True)
with Image.open(f"{sys.argv[1]}/a.png") as image:
    seen["ffmpeg, PFM to PNG of 16 bits"] = found(np.asarray(image), 65535)
print("shares of the range:", shares.round(3).tolist())
for name, numbers in seen.items():
    print(f"{name}: {numbers}")
stretched = np.clip((shares.astype(float) * 65535 - 4096) / (60160 - 4096), 0, 1)
eight, *sixteen = seen.values()
changed = np.abs(np.subtract(eight, shares)).max() > 0.003
changed = changed or any(np.abs(np.subtract(row, stretched)).max() > 0.003 for row in sixteen)
sys.exit(changed)
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
