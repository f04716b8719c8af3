#!/usr/bin/env bash
# Open3D 0.20.0, pipelines.integration.ScalableTSDFVolume, against 0.19.0, seen 2026-11-29 on Linux.
#
# One would expect: frames whose depth is in metres (RGBDImage.create_from_color_and_depth of millimetres with the default
# depth_scale of 1000, or of metres with 1) are fused to a surface where they saw it, as in 0.19 and in UniformTSDFVolume.
#
# What happens: 0.20 opens blocks of voxels at a thousandth of each pixel's depth, within millimetres of the camera; no voxel is
# near a surface, and the mesh is empty, without an error. Since 0.20 PointCloud.create_from_depth_image divides
# floats by depth_scale, too, and the volume seems to call it with 1000 for depth that was divided before.
#
# Fuse with UniformTSDFVolume or t.geometry.VoxelBlockGrid, or with 0.19.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/look.py" <<'PY'
import ctypes
import sys

import libusb_package
import numpy as np

ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
import open3d  # noqa: E402

millimetres = np.full((48, 64), 2000, np.uint16)
colour = open3d.geometry.Image(np.zeros((48, 64, 3), np.uint8))
frame = open3d.geometry.RGBDImage.create_from_color_and_depth(
    colour, open3d.geometry.Image(millimetres)
)
camera = open3d.camera.PinholeCameraIntrinsic(64, 48, 60.0, 60.0, 31.5, 23.5)
integration = open3d.pipelines.integration
none = integration.TSDFVolumeColorType.NoColor
volumes = {
    "scalable": integration.ScalableTSDFVolume(voxel_length=0.02, sdf_trunc=0.08, color_type=none),
    "uniform": integration.UniformTSDFVolume(
        length=4.0, resolution=200, sdf_trunc=0.08, color_type=none, origin=np.array([-2.0, -2, 0])
    ),
}
found = {}
for name, volume in volumes.items():
    volume.integrate(frame, camera, np.eye(4))
    z = np.asarray(volume.extract_triangle_mesh().vertices)[:, 2]
    found[name] = len(z) > 0 and bool(np.abs(z - 2).max() < 0.01)
    print(f"{open3d.__version__}, {name}: {len(z)} vertices" + (", at 2 m" if found[name] else ""))
sys.exit(found != {"scalable": open3d.__version__ < "0.20", "uniform": True})
PY
for version in 0.19.0 0.20.0; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install -q "open3d==$version" libusb-package==1.0.30.0 numpy==2.4.6 2>/dev/null
    "$folder/$version/bin/python" -W ignore "$folder/look.py"
    rm -rf "${folder:?}/$version"
done
