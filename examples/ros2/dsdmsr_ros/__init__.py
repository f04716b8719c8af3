"""The ROS 2 package around `dsdmsr.upscaling.ros`."""
