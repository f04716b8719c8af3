"""The node of examples/ros2: run by rclpy where that is installed, on this machine's loopback.

python3.12 -m pip install ros-kilted-rclpy ros-kilted-sensor-msgs ros-kilted-rmw-fastrtps-cpp
python3.12 -m pytest --confcutdir tests/interop tests/interop/test_ros2_node.py
"""

from __future__ import annotations

import re
import time
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dsdmsr.errors import DsdmsrError
from dsdmsr.io.ros_images import image_map
from dsdmsr.upscaling.ros import RosOptions, RosUpscaler

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "ros2"
OPTIONS = RosOptions(scale=2)


def test_the_readme_has_each_parameter_with_its_default():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", text, flags=re.MULTILINE)
    defaults = {f.name: str(f.default).lower() for f in fields(RosOptions)}
    assert dict(rows) == defaults


def test_the_node_is_an_adapter():
    lines = (FOLDER / "dsdmsr_ros" / "upscale_node.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 80
    assert not any("numpy" in line for line in lines)


@pytest.fixture
def ros(monkeypatch):
    """Yield rclpy, which finds nobody but this machine, with the node's parameters given."""
    if find_spec("rclpy") is None:
        pytest.skip("rclpy is not installed: see this file's first lines")
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.syspath_prepend(FOLDER)
    import rclpy

    yield rclpy
    rclpy.try_shutdown()


def start(ros: Any, *parameters: str) -> Any:
    """Return the node, with parameters such as ``scale:=2``."""
    from dsdmsr_ros.upscale_node import UpscaleNode

    arguments = [word for text in parameters for word in ("-p", text)]
    ros.init(args=["--ros-args", *arguments])
    return UpscaleNode()


class Camera:
    """A node beside it that publishes frames, and keeps what comes back."""

    def __init__(self, ros: Any, node: Any, kind: Any, end: str = "") -> None:
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.qos import qos_profile_sensor_data
        from sensor_msgs.msg import CameraInfo

        self.node, self.got = ros.create_node("camera"), {"image": [], "info": []}
        self.image = self.node.create_publisher(kind, f"image{end}", qos_profile_sensor_data)
        self.info = self.node.create_publisher(CameraInfo, "camera_info", qos_profile_sensor_data)
        for type_, topic, name in (
            (kind, f"upscaled/image{end}", "image"),
            (CameraInfo, "upscaled/camera_info", "info"),
        ):
            keep = self.got[name].append
            self.node.create_subscription(type_, topic, keep, qos_profile_sensor_data)
        self.executor = SingleThreadedExecutor()
        for each in (node, self.node):
            self.executor.add_node(each)
        self.wait(lambda: all(p.get_subscription_count() for p in (self.image, self.info)))

    def wait(self, until: Any) -> None:
        """Spin until something is so, at most for 20 s."""
        end = time.monotonic() + 20
        while not until():
            assert time.monotonic() < end
            self.executor.spin_once(timeout_sec=0.1)

    def spin(self, seconds: float) -> None:
        """Spin for a time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.05)


def header(second: int) -> Any:
    from std_msgs.msg import Header

    found = Header(frame_id="depth_frame")
    found.stamp.sec, found.stamp.nanosec = second, 123
    return found


def frame(second: int, shape: tuple[int, int] = (12, 16)) -> Any:
    """Return an image of millimetres, with a hole."""
    from array import array

    from sensor_msgs.msg import Image

    height, width = shape
    rows, columns = np.mgrid[:height, :width]
    millimetres = (1000 + 9 * second + 7 * rows + 5 * columns).astype("<u2")
    millimetres[2:5, 3:6] = 0
    return Image(
        header=header(second),
        height=height,
        width=width,
        encoding="16UC1",
        step=2 * width,
        data=array("B", millimetres.tobytes()),
    )


def info(second: int) -> Any:
    from sensor_msgs.msg import CameraInfo

    k = np.array([10, 0, 7.5, 0, 10, 5.5, 0, 0, 1], float)
    p = np.array([10, 0, 7.5, -1, 0, 10, 5.5, 0, 0, 0, 1, 0], float)
    return CameraInfo(header=header(second), width=16, height=12, k=k, p=p)


def test_frames_come_back_larger_with_their_cameras(ros):
    from sensor_msgs.msg import Image

    node = start(ros, "scale:=2")
    camera, upscaler = Camera(ros, node, Image), RosUpscaler.from_options(OPTIONS)
    for second in (1, 2, 3):
        camera.info.publish(info(second))
        camera.wait(lambda second=second: node._info is not None and node._info == info(second))
        camera.image.publish(frame(second))
        camera.wait(lambda second=second: len(camera.got["info"]) == second)
        image, larger = upscaler(frame(second), info(second))
        assert camera.got["image"][-1] == image
        assert camera.got["info"][-1] == larger
        assert image.header == larger.header == header(second)
        assert larger.k.tolist() == [20, 0, 15.5, 0, 20, 11.5, 0, 0, 1]
    assert image_map(image).shape == (24, 32)
    camera.image.publish(frame(4, (6, 8)))
    camera.spin(1)
    assert len(camera.got["image"]) == 3


def test_the_newest_frame_wins(ros):
    from sensor_msgs.msg import Image

    camera = Camera(ros, start(ros, "scale:=2"), Image)
    for second in range(1, 9):
        camera.image.publish(frame(second))
    camera.spin(2)
    seconds = [image.header.stamp.sec for image in camera.got["image"]]
    assert seconds[-1] == 8
    assert len(seconds) < 8
    assert seconds == sorted(seconds)
    assert not camera.got["info"]


def test_every_frame_that_waits_is_upscaled(ros):
    from sensor_msgs.msg import Image

    node = start(ros, "scale:=2", "queue:=8", "reliable_output:=true")
    camera = Camera(ros, node, Image)
    for second in range(1, 9):
        camera.image.publish(frame(second))
    camera.wait(lambda: len(camera.got["image"]) == 8)
    assert [image.header.stamp.sec for image in camera.got["image"]] == list(range(1, 9))


def test_compressed_frames_come_back_compressed(ros):
    from sensor_msgs.msg import CompressedImage

    from dsdmsr.io.png import pack_png

    node = start(ros, "scale:=2", "transport:=compressedDepth")
    camera = Camera(ros, node, CompressedImage, "/compressedDepth")
    raw = frame(1)
    content = bytes(12) + pack_png(np.frombuffer(raw.data, "<u2").reshape(12, 16))
    image = CompressedImage(
        header=header(1),
        format="16UC1; compressedDepth png",
        data=type(raw.data)("B", content),
    )
    camera.image.publish(image)
    camera.wait(lambda: camera.got["image"])
    got = camera.got["image"][0]
    assert (got.format, got.header) == (image.format, image.header)
    expected = image_map(RosUpscaler.from_options(OPTIONS)(raw)[0])
    np.testing.assert_array_equal(image_map(got).values, expected.values)


@pytest.mark.parametrize(
    ("parameter", "says"),
    [("scale:=17", "scale is 17"), ("transport:=theora", "transport is 'theora': allowed are raw")],
)
def test_parameters_that_make_no_sense_are_refused_in_a_line(ros, parameter, says):
    with pytest.raises(DsdmsrError, match=says) as caught:
        start(ros, parameter)
    assert "\n" not in str(caught.value)
