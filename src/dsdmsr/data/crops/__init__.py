"""Square crops of depth maps to learn from, and the sources that they come from."""

from dsdmsr.data.crops.maps import Folder, Pyramid
from dsdmsr.data.crops.mixture import Mixture
from dsdmsr.data.crops.scenes import Synthetic
from dsdmsr.data.crops.source import CropSource, CropStack
from dsdmsr.data.crops.stream import Shards

__all__ = ["CropSource", "CropStack", "Folder", "Mixture", "Pyramid", "Shards", "Synthetic"]
