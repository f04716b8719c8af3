#!/usr/bin/env bash
# pycolmap 4.2.1, stereo_fusion, seen 2026-11-29 on Linux.
#
# One would expect: fusion puts the depth of a pixel on the ray through the pixel's centre, which is at (0.5, 0.5) of the upper
# left pixel (COLMAP's documentation, "Database Format", "Keypoints and Descriptors"), as pycolmap's cam_from_img has it.
#
# What happens: it puts it on the ray through (0, 0), half a pixel to the left of and above the centre. Depth that is right
# at centres (a renderer's, a sensor's, a network's) becomes a cloud that is shifted by half a pixel of the depth map: by
# 33 mm at 2 m where the focal length is 30 pixels, by 1 mm where it is 1000.
#
# Whoever writes depth for COLMAP to fuse, or compares its clouds with others, allows for half a pixel; it is that
# of the depth map, so small maps are off by more than large ones.
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

work, (height, width), focal, centre = Path(sys.argv[1]), (24, 32), 30, (16, 12)
dense = work / "dense"
for part in ("images", "sparse", "stereo/depth_maps", "stereo/normal_maps", "points"):
    (dense / part).mkdir(parents=True)
camera = pycolmap.Camera(
    model="PINHOLE", width=width, height=height, params=[focal, focal, *centre], camera_id=1
)
model = pycolmap.Reconstruction()
model.add_camera_with_trivial_rig(camera)
image = pycolmap.Image(name="a.png", camera_id=1, image_id=1)
model.add_image_with_trivial_frame(image, pycolmap.Rigid3d())
model.write(dense / "sparse")
Image.new("RGB", (width, height)).save(dense / "images/a.png")
(dense / "stereo/fusion.cfg").write_text("a.png\n")
depth = np.full((height, width), 2, np.float32)
pycolmap.DepthMap.from_array(depth, 0.0, 9.0).write(dense / "stereo/depth_maps/a.png.geometric.bin")
towards = np.repeat(np.float32([0, 0, -1]), height * width).tobytes()
normals = dense / "stereo/normal_maps/a.png.geometric.bin"
normals.write_bytes(f"{width}&{height}&3&".encode() + towards)
options = pycolmap.StereoFusionOptions()
options.min_num_pixels = options.num_threads = 1
fused = pycolmap.stereo_fusion(dense / "points", dense, options=options)
points = np.array([point.xyz for point in fused.points3D.values()])
# The plane z = 2, seen at pixels' centres, and at their corners.
rows, columns = np.indices((height, width))
at = {}
for name, shift in (("centres", 0.5), ("corners", 0.0)):
    pixels = np.stack([columns.ravel() + shift, rows.ravel() + shift], -1)
    rays = camera.cam_from_img(pixels)
    at[name] = 2 * np.concatenate([rays, np.ones((len(rays), 1))], 1)
print(f"{len(points)} points of {depth.size} pixels, z {np.unique(points[:, 2]).tolist()}")
means = {name: np.abs(points.mean(0) - there.mean(0))[:2] for name, there in at.items()}
for name, off in means.items():
    print(f"their mean is off the mean of pixels' {name} by {(1000 * off).round(2).tolist()} mm in x, y")
moved = np.allclose(means["centres"], 2 * 0.5 / focal, atol=1e-4)
sys.exit(bool(len(points) != depth.size or not moved or means["corners"].max() > 1e-4))
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder" 2>"$folder/log" || { tail -n 3 "$folder/log"; exit 1; }
