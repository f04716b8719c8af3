#!/usr/bin/env bash
# FFmpeg 9.0.2 (imageio-ffmpeg 0.8.1), TIFF files in tiles (from tifffile 2026.3.3), seen 2026-11-29 on Linux.
#
# One would expect: FFmpeg reads a 16-bit grey TIFF in tiles, as GDAL, cloud-optimised GeoTIFFs and many microscopes
# write it, or says that it can't.
#
# What happens: it reads a picture of the right size in which every pixel is 0, says nothing at -loglevel error, and
# ends with exit code 0. The same numbers in strips are read right.
#
# Whoever hands TIFF files to FFmpeg writes strips.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q imageio-ffmpeg==0.8.1 tifffile==2026.3.3 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import subprocess
import sys

import imageio_ffmpeg
import numpy as np
import tifffile

depth = np.arange(1000, 1000 + 48 * 64, dtype=np.uint16).reshape(48, 64)
file = f"{sys.argv[1]}/a.tif"


def read() -> np.ndarray:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", file]
    raw = ("-f", "rawvideo", "-pix_fmt", "gray16le", "-")
    done = subprocess.run([*command, *raw], capture_output=True)
    print(f"exit code {done.returncode}, {len(done.stderr)} bytes of messages", end="; ")
    return np.frombuffer(done.stdout, np.uint16).reshape(depth.shape)


tifffile.imwrite(file, depth)
strips = read()
print(f"in strips: {strips.min()} to {strips.max()}")
tifffile.imwrite(file, depth, tile=(16, 16))
tiles = read()
print(f"in tiles: {tiles.min()} to {tiles.max()}")
sys.exit(not (np.array_equal(strips, depth) and not tiles.any()))
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
