"""Upscale depth maps by 2, 4, 8 or 16, from the depth map alone.

The names below are loaded when they are first used; importing the package does not import torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dsdmsr.degradation.degrade import degrade
    from dsdmsr.depth.cameras import Intrinsics, Stereo
    from dsdmsr.depth.map import DepthMap
    from dsdmsr.errors import DsdmsrError
    from dsdmsr.evaluation.options import EvaluateOptions
    from dsdmsr.evaluation.run import evaluate
    from dsdmsr.io import read_depth, write_depth
    from dsdmsr.io.sample import sample
    from dsdmsr.nn import DSDMSR, ModelConfig
    from dsdmsr.pictures.preview import preview
    from dsdmsr.upscaling import Upscaler
    from dsdmsr.upscaling.files import upscale_file
    from dsdmsr.upscaling.memory import keep_memory
    from dsdmsr.upscaling.options import UpscaleOptions
    from dsdmsr.upscaling.temporal import TemporalFilter
    from dsdmsr.zoo.torch_networks import from_pretrained, save_pretrained

__all__ = [
    "DSDMSR",
    "DepthMap",
    "DsdmsrError",
    "EvaluateOptions",
    "Intrinsics",
    "ModelConfig",
    "Stereo",
    "TemporalFilter",
    "UpscaleOptions",
    "Upscaler",
    "__version__",
    "degrade",
    "evaluate",
    "from_pretrained",
    "keep_memory",
    "preview",
    "read_depth",
    "sample",
    "save_pretrained",
    "upscale_file",
    "write_depth",
]

_HOMES = {
    "DSDMSR": "dsdmsr.nn",
    "DepthMap": "dsdmsr.depth",
    "DsdmsrError": "dsdmsr.errors",
    "EvaluateOptions": "dsdmsr.evaluation.options",
    "Intrinsics": "dsdmsr.depth",
    "ModelConfig": "dsdmsr.nn",
    "Stereo": "dsdmsr.depth",
    "TemporalFilter": "dsdmsr.upscaling.temporal",
    "UpscaleOptions": "dsdmsr.upscaling.options",
    "Upscaler": "dsdmsr.upscaling",
    "degrade": "dsdmsr.degradation",
    "evaluate": "dsdmsr.evaluation.run",
    "from_pretrained": "dsdmsr.zoo.torch_networks",
    "keep_memory": "dsdmsr.upscaling.memory",
    "preview": "dsdmsr.pictures.preview",
    "read_depth": "dsdmsr.io",
    "sample": "dsdmsr.io.sample",
    "save_pretrained": "dsdmsr.zoo.torch_networks",
    "upscale_file": "dsdmsr.upscaling.files",
    "write_depth": "dsdmsr.io",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("dsdmsr")
    if name in _HOMES:
        from dsdmsr.errors import needing

        with needing(f"dsdmsr.{name}"):
            return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'dsdmsr' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
