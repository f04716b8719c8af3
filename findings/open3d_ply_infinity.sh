#!/usr/bin/env bash
# Open3D 0.20.0, point clouds with infinite coordinates in PLY files, seen 2026-11-29 on Linux.
#
# One would expect: a point at an infinite distance, which cameras and renderers give for "too far", is written as
# infinity, as it is in Open3D's PCD and XYZ files, and as NaN is in PLY; or is refused.
#
# What happens: in text, and in binary files of float32 (open3d.t.io), the one number is left out, and all that follow
# move up by one place: x becomes z, y becomes x. write_point_cloud prints that a number failed, and returns True. The
# clouds that come back have as many points as before; in text, all behind the infinite one are mixed up.
#
# Whoever writes points leaves out those that are not finite.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q open3d==0.20.0 libusb-package==1.0.30.0 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import ctypes
import sys
from pathlib import Path

import libusb_package
import numpy as np

ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
import open3d  # noqa: E402

points = np.array([[10, 1, 2], [20, 1, np.nan], [30, 1, np.inf], [40, 1, 3], [50, 1, 4]])
cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
back = {}
for kind in ("pcd", "xyz", "ply"):
    file = f"{sys.argv[1]}/a.{kind}"
    done = open3d.io.write_point_cloud(file, cloud, write_ascii=True)
    back[kind] = np.asarray(open3d.io.read_point_cloud(file).points)
    print(f"{kind}, text: written {done}, read {back[kind].tolist()}")
right = [kind for kind, read in back.items() if np.array_equal(read, points, equal_nan=True)]
file = Path(f"{sys.argv[1]}/b.ply")
floats = open3d.core.Tensor(points.astype(np.float32))
open3d.t.io.write_point_cloud(str(file), open3d.t.geometry.PointCloud(floats))
size = len(file.read_bytes().split(b"end_header\n", 1)[1])
print(f"ply, binary float32: {size} bytes for {points.size} numbers of 4 bytes")
mixed = [[30, 1, 40], [1, 3, 50]]
same = right == ["pcd", "xyz"] and back["ply"][2:4].tolist() == mixed
sys.exit(not done or not same or size != 4 * (points.size - 1))
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
