#!/usr/bin/env bash
# pycolmap 4.2.1, NormalMap, seen 2026-11-29 on Linux.
#
# One would expect: NormalMap.to_array() gives the normals of COLMAP's files (stereo/normal_maps/*.bin), H×W×3, as its
# docstring says, and from_array(normals).write(path) a file whose normals stereo_fusion finds.
#
# What happens: COLMAP's files hold all x, then all y, then all z; the fusion reads them so. NormalMap takes them for x, y, z of
# one pixel after the other, on the way in and out. A round trip through pycolmap alone looks right. Of a file in which every
# normal is (0.6, 0, -0.8), to_array() gives (0.6, 0.6, 0.6) at the first pixel; of a file written by NormalMap the fusion makes
# points with such normals, and hardly joins views. DepthMap, of one channel, is right.
#
# Normal maps are read by hand: three planes behind "width&height&3&".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pycolmap==4.2.1 numpy==2.4.6 pillow==13.0.0 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys
from pathlib import Path

import numpy as np
import pycolmap
from PIL import Image

work, (height, width), normal = Path(sys.argv[1]), (24, 32), np.array([0.6, 0, -0.8], np.float32)
dense, normals = work / "dense", np.tile(normal, (height, width, 1))
for part in ("images", "sparse", "stereo/depth_maps", "stereo/normal_maps"):
    (dense / part).mkdir(parents=True)
model = pycolmap.Reconstruction()
model.add_camera_with_trivial_rig(
    pycolmap.Camera(
        model="PINHOLE", width=width, height=height, params=[30, 30, 16, 12], camera_id=1
    )
)
image = pycolmap.Image(name="a.png", camera_id=1, image_id=1)
model.add_image_with_trivial_frame(image, pycolmap.Rigid3d())
model.write(dense / "sparse")
Image.new("RGB", (width, height)).save(dense / "images/a.png")
(dense / "stereo/fusion.cfg").write_text("a.png\n")
depth = np.full((height, width), 2, np.float32)
pycolmap.DepthMap.from_array(depth, 0.0, 9.0).write(dense / "stereo/depth_maps/a.png.geometric.bin")
path = dense / "stereo/normal_maps/a.png.geometric.bin"
options = pycolmap.StereoFusionOptions()
options.min_num_pixels = options.num_threads = 1


def share_fused_right() -> float:
    """Return the share of fused points that have the normal that all pixels have."""
    pycolmap.stereo_fusion(work / "fused.ply", dense, options=options, output_type="ply")
    head, body = (work / "fused.ply").read_bytes().split(b"end_header\n", 1)
    kinds = {"float": "<f4", "uchar": "u1"}
    lines = [line.split() for line in head.decode().splitlines() if line.startswith("property")]
    points = np.frombuffer(body, [(name, kinds[kind]) for _, kind, name in lines])
    fused = np.stack([points[name] for name in ("nx", "ny", "nz")], -1)
    print(f"  {len(points)} points; normals such as {fused[:2].round(3).tolist()}")
    return float(np.isclose(fused, normal, atol=1e-3).all(1).mean())


path.write_bytes(f"{width}&{height}&3&".encode() + normals.transpose(2, 0, 1).tobytes())
print("a file of planes:")
by_hand, read = share_fused_right(), pycolmap.NormalMap()
read.read(path)
print(f"  read by NormalMap: {read.to_array()[0, 0].tolist()} at the first pixel")
pycolmap.NormalMap.from_array(normals).write(path)
print("a file by NormalMap:")
by_pycolmap, back = share_fused_right(), pycolmap.NormalMap()
back.read(path)
print(f"fused rightly: {by_hand:.0%} of the first, {by_pycolmap:.0%} of the second")
mixed = np.allclose(read.to_array()[0, 0], 0.6) and np.array_equal(back.to_array(), normals)
sys.exit(by_hand != 1 or by_pycolmap > 0.1 or not mixed)
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder" 2>"$folder/log" || { tail -n 3 "$folder/log"; exit 1; }
