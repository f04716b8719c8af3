"""Make depth maps 2, 4, 8 or 16 times larger, from the depth map alone.

The names below are loaded when they are first used; importing the package does not import torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsdmsr.degradation.degrade import degrade
    from dsdmsr.depth.map import DepthMap, Intrinsics, Stereo
    from dsdmsr.errors import DsdmsrError
    from dsdmsr.io import read_depth, write_depth
    from dsdmsr.nn import DSDMSR, ModelConfig
    from dsdmsr.upscaling import TemporalFilter, Upscaler
    from dsdmsr.upscaling.memory import keep_memory
    from dsdmsr.zoo.torch_networks import from_pretrained, save_pretrained

__all__ = [
    "DSDMSR",
    "DepthMap",
    "DsdmsrError",
    "Intrinsics",
    "ModelConfig",
    "Stereo",
    "TemporalFilter",
    "Upscaler",
    "__version__",
    "degrade",
    "from_pretrained",
    "keep_memory",
    "read_depth",
    "save_pretrained",
    "write_depth",
]

_HOMES = {
    "DSDMSR": "dsdmsr.nn",
    "DepthMap": "dsdmsr.depth",
    "DsdmsrError": "dsdmsr.errors",
    "Intrinsics": "dsdmsr.depth",
    "ModelConfig": "dsdmsr.nn",
    "Stereo": "dsdmsr.depth",
    "TemporalFilter": "dsdmsr.upscaling",
    "Upscaler": "dsdmsr.upscaling",
    "degrade": "dsdmsr.degradation",
    "from_pretrained": "dsdmsr.zoo.torch_networks",
    "keep_memory": "dsdmsr.upscaling.memory",
    "read_depth": "dsdmsr.io",
    "save_pretrained": "dsdmsr.zoo.torch_networks",
    "write_depth": "dsdmsr.io",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("dsdmsr")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'dsdmsr' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
