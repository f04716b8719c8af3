"""Network in torch: views, units, stages, fusion, losses."""

from dsdmsr.nn.config import ModelConfig
from dsdmsr.nn.losses import deep_supervision_loss, masked_loss
from dsdmsr.nn.model import DSDMSR, Prediction
from dsdmsr.nn.views import interleave, split_views

__all__ = [
    "DSDMSR",
    "ModelConfig",
    "Prediction",
    "deep_supervision_loss",
    "interleave",
    "masked_loss",
    "split_views",
]
