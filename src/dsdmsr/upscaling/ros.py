"""Upscaling of live ROS images with their cameras, frame after frame, without a client library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import ConfigError
from dsdmsr.io.ros_cameras import larger_camera
from dsdmsr.io.ros_images import image_like, image_map
from dsdmsr.upscaling.auto import DegradationChoice, check_choice
from dsdmsr.upscaling.checks import Edges, check_edges
from dsdmsr.upscaling.rows import empty_map
from dsdmsr.upscaling.sizes import Size
from dsdmsr.upscaling.upscaler import Upscaler

__all__ = ["RosOptions", "RosUpscaler"]

Transport = Literal["raw", "compressedDepth"]


@dataclass(frozen=True, kw_only=True)
class RosOptions:
    """Say how a node upscales a topic; each field is a parameter of the node.

    Raises:
        ConfigError: If an option is out of range.

    Example:
        >>> RosOptions(scale=2).model
        'dsdmsr-fast'
    """

    scale: int = 4
    """The factor, a whole number from 2 to 16."""
    model: str = "dsdmsr-fast"
    """A packaged network, a folder, or owner/name on the Hub; or auto."""
    degradation: DegradationChoice = "auto"
    """How frames were downsampled; auto: what the first frame's steps show."""
    edges: Edges = "smooth"
    """sharp: put pixels between two surfaces on the nearer one."""
    transport: Transport = "raw"
    """What is subscribed to and published: raw images, or those of compressedDepth."""
    queue: int = 1
    """Frames that wait while one is upscaled. 1: the newest wins."""
    reliable_input: bool = False
    """Whether to subscribe reliably; otherwise best effort, as sensors publish."""
    reliable_output: bool = False
    """Whether to publish reliably; otherwise best effort."""

    def __post_init__(self) -> None:
        Size(scale=self.scale)
        check_choice(self.degradation)
        check_edges(self.edges)
        if self.transport not in get_args(Transport):
            raise ConfigError(
                f"transport is {self.transport!r}: allowed are {', '.join(get_args(Transport))}"
            )
        if self.queue < 1:
            raise ConfigError(f"queue is {self.queue}: give 1 or more frames")


class RosUpscaler:
    """Upscale images and their cameras, all by the weights that the first frame is upscaled by.

    Args:
        upscaler: What upscales them; to a size, or with other phases than centre, images alone.
    """

    def __init__(self, upscaler: Upscaler) -> None:
        self._upscaler = upscaler
        self._remarks: tuple[str, ...] | None = None
        upscaler.begin_sequence()

    @classmethod
    def from_options(cls, options: RosOptions) -> RosUpscaler:
        """Load the network that options name.

        Raises:
            DsdmsrError: As `dsdmsr.Upscaler.from_pretrained`.
        """
        return cls(
            Upscaler.from_pretrained(
                options.model,
                scale=options.scale,
                degradation=options.degradation,
                edges=options.edges,
            )
        )

    def __call__(self, image: Any, info: Any = None) -> tuple[Any, Any]:
        """Return the larger image and its camera, both with the image's header.

        An image without a valid pixel becomes a larger one without any.

        Args:
            image: A ``sensor_msgs`` Image of 16UC1, mono16 or 32FC1, or a CompressedImage of
                ``compressedDepth``, of rclpy, rospy or rosbags; so is the result.
            info: Its ``sensor_msgs`` CameraInfo, if there is one; otherwise None is returned.

        Raises:
            FileError: If the image is of another encoding, or damaged.
            DepthError: If the camera is that of an image of another size.
            ConfigError: If there is one, and the upscaler is not one for cameras.
        """
        depth = image_map(image)
        camera = None
        if info is not None:
            camera = larger_camera(info, self._whole_scale(), depth.shape)
            camera.header = image.header
        if not depth.valid.any():
            larger = empty_map(depth, self._upscaler.size.goal(*depth.shape))
            return image_like(image, larger), camera
        if self._remarks is None:
            self._remarks = (*depth.metadata.notes, *self._choice(depth))
        return image_like(image, self._upscaler(depth)), camera

    def take_remarks(self) -> tuple[str, ...]:
        """Return what was assumed and chosen by the first frame, once."""
        remarks = self._remarks or ()
        if remarks:
            self._remarks = ()
        return remarks

    def _whole_scale(self) -> int:
        """Return the scale, by which a region of whole pixels stays one."""
        size = self._upscaler.size
        if size.scale is None or size.phase != "centre":
            raise ConfigError(
                "a camera_info grows by a whole scale, and with phase centre: give these, or "
                "images alone"
            )
        return size.scale

    def _choice(self, depth: DepthMap) -> list[str]:
        choice = self._upscaler.choice_for(depth)
        if choice is None:
            return []
        known = "any degradation" if choice.degradation is None else choice.degradation
        return [f"frames are upscaled by {choice.network}, by its weights for {known}"]
