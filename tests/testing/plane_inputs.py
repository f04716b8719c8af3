"""Planes as other programs hand them over: messages of ROS, a folder of COLMAP, a sequence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from testing.planes import CAMERA, SHAPE, Plane, holes

__all__ = [
    "RADIUS",
    "SPHERE",
    "colmap_folder",
    "metres",
    "millimetres",
    "ros_messages",
    "sphere_before_the_plane",
]

PLANE, VALID = Plane(), holes()
SPHERE, RADIUS = np.array([0.05, 0.0, 1.5]), 0.25
"""Its centre and radius, metres."""
TOPICS = ("/camera/depth/image_rect_raw", "/camera/depth/camera_info", "/camera/color/image_raw")
START = 1_714_000_000_123_456_789


def metres() -> np.ndarray:
    """Return the low-resolution plane, NaN in holes."""
    return np.where(VALID, PLANE.depth(SHAPE, CAMERA), np.nan)


def millimetres() -> np.ndarray:
    return np.where(VALID, 1000 * PLANE.depth(SHAPE, CAMERA), 0).round().astype(np.uint16)


def ros_messages(types: Any, first: bool, encoding: str) -> Iterator[tuple[str, int, Any]]:
    """Yield topics, times and messages of two frames, the second one without any depth."""
    header, stamp = types.types["std_msgs/msg/Header"], types.types["builtin_interfaces/msg/Time"]
    image = types.types["sensor_msgs/msg/Image"]
    k, p = [90.0, 0, 47.3, 0, 90, 35.8, 0, 0, 1], [90.0, 0, 47.3, -4.5, 0, 90, 35.8, 0, 0, 0, 1, 0]
    names = ("D", "K", "R", "P") if first else ("d", "k", "r", "p")
    for n in range(2):
        about = {"stamp": stamp(sec=7 + n, nanosec=123456789), "frame_id": "depth"}
        about |= {"seq": n} if first else {}
        frame = millimetres() if encoding == "16UC1" else metres().astype(">f4")
        frame = frame if n == 0 else np.zeros_like(frame)
        rows = np.pad(frame.view(np.uint8).reshape(SHAPE[0], -1), ((0, 0), (0, 4)))
        depth = image(
            header=header(**about),
            height=SHAPE[0],
            width=SHAPE[1],
            encoding=encoding,
            is_bigendian=int(encoding == "32FC1"),
            step=rows.shape[1],
            data=rows.ravel(),
        )
        matrices = (np.zeros(5), k, np.eye(3).ravel(), p)
        camera = types.types["sensor_msgs/msg/CameraInfo"](
            header=header(**about),
            height=SHAPE[0],
            width=SHAPE[1],
            distortion_model="plumb_bob",
            **{name: np.array(m, float) for name, m in zip(names, matrices, strict=True)},
            binning_x=0,
            binning_y=0,
            roi=types.types["sensor_msgs/msg/RegionOfInterest"](2, 4, 6, 8, False),
        )
        colour = replace(depth, encoding="rgb8", data=np.arange(depth.data.size).astype(np.uint8))
        for topic, message in zip(TOPICS, (depth, camera, colour), strict=True):
            yield topic, START + 33_000_000 * n, message


def colmap_folder(root: Path) -> None:
    """Write three views of the plane, their depth that of pixels' centres, and one without any."""
    import pycolmap

    for part in ("images", "sparse", "stereo/depth_maps", "stereo/normal_maps"):
        (root / part).mkdir(parents=True)
    (root / "stereo/consistency_graphs").mkdir()
    model, names, normal = pycolmap.Reconstruction(), [], np.array(PLANE.normal)
    height, width = SHAPE
    camera = pycolmap.Camera(
        model="PINHOLE",
        width=width,
        height=height,
        params=[CAMERA.fx, CAMERA.fy, CAMERA.cx + 0.5, CAMERA.cy + 0.5],
        camera_id=1,
    )
    model.add_camera_with_trivial_rig(camera)
    for number in range(4):
        name, shift = f"view{number}.png", np.array([-0.1, 0.05, 0.0]) * number
        image = pycolmap.Image(name=name, camera_id=1, image_id=number + 1)
        image.points2D = pycolmap.Point2DList([pycolmap.Point2D(np.array([48.0, 36.0]))])
        pose = pycolmap.Rigid3d(pycolmap.Rotation3d(), shift)
        model.add_image_with_trivial_frame(image, pose)
        seen = replace(PLANE, offset=PLANE.offset + float(normal @ shift))
        depth = np.where(VALID & (number < 3), seen.depth(SHAPE, CAMERA), 0).astype(np.float32)
        maps = pycolmap.DepthMap.from_array(depth, 0.0, 10.0)
        maps.write(root / f"stereo/depth_maps/{name}.geometric.bin")
        towards = np.repeat(-normal / np.linalg.norm(normal), height * width)
        content = f"{width}&{height}&3&".encode() + towards.astype("<f4").tobytes()
        (root / f"stereo/normal_maps/{name}.geometric.bin").write_bytes(content)
        colour = np.full((*SHAPE, 3), 100, np.uint8)
        Image.fromarray(colour).save(root / "images" / name)
        names.append(name)
    track = pycolmap.Track()
    for number in range(3):
        track.add_element(number + 1, 0)
    model.add_point3D(np.array([0.0, 0.0, 2.1]), track, np.array([1, 2, 3], np.uint8))
    model.write(root / "sparse")
    (root / "stereo/fusion.cfg").write_text("\n".join(names) + "\n")


def sphere_before_the_plane(pose: np.ndarray) -> np.ndarray:
    """Return depth, metres, of a sphere before the plane, as a camera sees them from a pose."""
    rows, columns = np.indices(SHAPE)
    x, y = (columns - CAMERA.cx) / CAMERA.fx, (rows - CAMERA.cy) / CAMERA.fy
    rays = np.stack([x, y, np.ones(SHAPE)], -1) @ pose[:3, :3].T
    normal, start = np.array(PLANE.normal), pose[:3, 3]
    plane = (PLANE.offset - start @ normal) / (rays @ normal)
    to, squared = SPHERE - start, (rays**2).sum(-1)
    along = rays @ to
    inner = along**2 - squared * (to @ to - RADIUS**2)
    sphere = (along - np.sqrt(np.maximum(inner, 0))) / squared
    return np.where(inner > 0, sphere, plane)
