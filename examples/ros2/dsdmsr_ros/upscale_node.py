"""The node: topics, quality of service and parameters around `dsdmsr.upscaling.ros`."""

from __future__ import annotations

import sys
from dataclasses import fields

import rclpy
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from dsdmsr.errors import DsdmsrError
from dsdmsr.upscaling.ros import RosOptions, RosUpscaler


def quality(frames: int, *, reliable: bool) -> QoSProfile:
    """Return the quality of service that keeps the newest frames."""
    policy = ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT
    return QoSProfile(depth=frames, reliability=policy)


class UpscaleNode(Node):
    """Publish ``upscaled/image`` and ``upscaled/camera_info`` for ``image`` and ``camera_info``."""

    def __init__(self) -> None:
        super().__init__("dsdmsr_upscale")
        fixed = ParameterDescriptor(read_only=True)
        given = {
            option.name: self.declare_parameter(option.name, option.default, fixed).value
            for option in fields(RosOptions)
        }
        options = RosOptions(**given)
        self._upscaler, self._info = RosUpscaler.from_options(options), None
        compressed = options.transport == "compressedDepth"
        kind, end = (CompressedImage, "/compressedDepth") if compressed else (Image, "")
        outgoing = quality(options.queue, reliable=options.reliable_output)
        self._images = self.create_publisher(kind, f"upscaled/image{end}", outgoing)
        self._cameras = self.create_publisher(CameraInfo, "upscaled/camera_info", outgoing)
        incoming = quality(options.queue, reliable=options.reliable_input)
        self.create_subscription(CameraInfo, "camera_info", self._keep, incoming)
        self.create_subscription(kind, f"image{end}", self._upscale, incoming)

    def _keep(self, info: CameraInfo) -> None:
        self._info = info

    def _upscale(self, image: Image | CompressedImage) -> None:
        try:
            larger, camera = self._upscaler(image, self._info)
        except DsdmsrError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=5.0)
            return
        self._images.publish(larger)
        if camera is not None:
            self._cameras.publish(camera)
        for remark in self._upscaler.take_remarks():
            self.get_logger().info(remark)


def main() -> int:
    """Run the node until it is interrupted; return 2 for parameters that make no sense."""
    rclpy.init()
    try:
        rclpy.spin(UpscaleNode())
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    except DsdmsrError as error:
        print(f"dsdmsr_upscale: {error}", file=sys.stderr)
        return 2
    finally:
        rclpy.try_shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
