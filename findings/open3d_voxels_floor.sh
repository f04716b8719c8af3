#!/usr/bin/env bash
# Open3D 0.20.0 (and 0.19.0), t.geometry.VoxelBlockGrid, seen 2026-11-29 on Linux; reported to Open3D in September 2026.
#
# One would expect: a voxel is compared with the pixel whose centre is nearest to where it is projected, as in
# UniformTSDFVolume of the same library; a slanted plane is fused to where it was.
#
# What happens: it is compared with the pixel at the whole numbers below: pixels' centres are taken to be half a pixel to the
# right and below of where create_from_depth_image of the same library has them. A plane at 2 m, turned by 32°, seen at a focal
# length of 90 pixels, comes out 7.8 mm behind itself, at 900 pixels a tenth of that.
#
# Whoever fuses with it adds 0.5 to both coordinates of the principal point; the plane is then where it was, within 0.1 mm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q open3d==0.20.0 libusb-package==1.0.30.0 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import ctypes
import sys

import libusb_package
import numpy as np

ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
import open3d  # noqa: E402

(height, width), f, cx, cy = (72, 96), 90.0, 47.3, 35.8
normal = np.array([0.53, 0.0, 0.848])
normal /= np.linalg.norm(normal)
rows, columns = np.indices((height, width))
ray = normal[0] * (columns - cx) / f + normal[1] * (rows - cy) / f + normal[2]
depth = (2 / ray).astype(np.float32)
core, off = open3d.core, {}


def said(name: str, points: np.ndarray) -> None:
    off[name] = 1000 * float((points @ normal - 2).mean())
    print(f"{name}: {len(points)} vertices, on average {off[name]:.2f} mm behind the plane")


points = open3d.geometry.PointCloud.create_from_depth_image(
    open3d.geometry.Image(depth),
    camera := open3d.camera.PinholeCameraIntrinsic(width, height, f, f, cx, cy),
    depth_scale=1.0,
)
said("create_from_depth_image", np.asarray(points.points))
integration = open3d.pipelines.integration
volume = integration.UniformTSDFVolume(
    length=6.0,
    resolution=600,
    sdf_trunc=0.08,
    color_type=integration.TSDFVolumeColorType.NoColor,
    origin=np.array([-3.0, -3, 0]),
)
colour = open3d.geometry.Image(np.zeros((height, width, 3), np.uint8))
frame = open3d.geometry.RGBDImage.create_from_color_and_depth(
    colour, open3d.geometry.Image(depth), depth_scale=1.0, depth_trunc=100.0
)
volume.integrate(frame, camera, np.eye(4))
said("UniformTSDFVolume", np.asarray(volume.extract_triangle_mesh().vertices))
for shift in (0.0, 0.5):
    grid = open3d.t.geometry.VoxelBlockGrid(
        ("tsdf", "weight"), (core.float32, core.float32), ((1,), (1,)), 0.01, 16, 10_000
    )
    matrix = core.Tensor([[f, 0, cx + shift], [0, f, cy + shift], [0, 0, 1.0]])
    pose, image = core.Tensor(np.eye(4)), open3d.t.geometry.Image(depth)
    how = {"depth_scale": 1.0, "depth_max": 100.0, "trunc_voxel_multiplier": 8.0}
    blocks = grid.compute_unique_block_coordinates(image, matrix, pose, **how)
    grid.integrate(blocks, image, matrix, pose, **how)
    mesh = grid.extract_triangle_mesh(weight_threshold=0.0)
    said(f"VoxelBlockGrid, principal point + {shift}", mesh.vertex.positions.numpy())
*exact, plain, moved = off.values()
sys.exit(not (max(map(abs, exact)) < 0.2 and plain > 5 and abs(moved) < 0.2))
PY
"$folder/venv/bin/python" -W ignore "$folder/look.py"
