"""The node on a camera's topics: ``ros2 launch dsdmsr_ros upscale.launch.py image:=…``."""

from dataclasses import fields

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from dsdmsr.upscaling.ros import RosOptions

TOPICS = {
    "image": "/camera/depth/image_rect_raw",
    "camera_info": "/camera/depth/camera_info",
    "upscaled/image": "/camera/depth/upscaled/image",
    "upscaled/camera_info": "/camera/depth/upscaled/camera_info",
}
PARAMETERS = {option.name: option.default for option in fields(RosOptions)}


def generate_launch_description() -> LaunchDescription:
    """Return the node, with an argument for each topic and parameter."""
    named = {topic: topic.replace("/", "_") for topic in TOPICS}
    arguments = [DeclareLaunchArgument(named[t], default_value=d) for t, d in TOPICS.items()]
    arguments += [DeclareLaunchArgument(p, default_value=str(d)) for p, d in PARAMETERS.items()]
    arguments.append(DeclareLaunchArgument("prefix", default_value="", description="taskset -c 0"))
    remappings = [(topic, LaunchConfiguration(name)) for topic, name in named.items()]
    remappings += [
        (f"{topic}/compressedDepth", [LaunchConfiguration(named[topic]), "/compressedDepth"])
        for topic in ("image", "upscaled/image")
    ]
    node = Node(
        package="dsdmsr_ros",
        executable="upscale",
        name="dsdmsr_upscale",
        output="screen",
        prefix=LaunchConfiguration("prefix"),
        parameters=[
            {
                name: ParameterValue(LaunchConfiguration(name), value_type=type(default))
                for name, default in PARAMETERS.items()
            }
        ],
        remappings=remappings,
    )
    return LaunchDescription([*arguments, node])
