"""What ``colcon build`` installs of the package."""

from setuptools import setup

setup(
    name="dsdmsr_ros",
    version="0.2.0",
    packages=["dsdmsr_ros"],
    data_files=[
        ("share/ament_index/resource_index/packages", ["resource/dsdmsr_ros"]),
        ("share/dsdmsr_ros", ["package.xml"]),
        ("share/dsdmsr_ros/launch", ["launch/upscale.launch.py"]),
    ],
    entry_points={"console_scripts": ["upscale = dsdmsr_ros.upscale_node:main"]},
)
