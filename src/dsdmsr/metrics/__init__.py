"""Metrics over valid pixels: functions, and torchmetrics classes that add up sums and counts.

Every metric is a mean over the pixels that count for it: of squared errors, of yes or no, of a
similarity. A `Tally` holds that mean as a sum and a count, so that batches and processes add up to
the figure of the whole.
"""

from typing import TYPE_CHECKING

from dsdmsr.metrics.certainty import (
    WITHIN_90,
    WITHIN_90_NOISY,
    ause,
    coverage,
    reliability,
    rounded_off,
    sparsification,
)
from dsdmsr.metrics.edges import (
    EDGE_RADIUS,
    EdgeZone,
    edge_distance,
    edge_rmse,
    edge_zone,
    flying_pixel_rate,
)
from dsdmsr.metrics.normals import normal_error, normals
from dsdmsr.metrics.pixels import bad_pixel_rate, mae, psnr, rmse
from dsdmsr.metrics.similarity import ssim
from dsdmsr.metrics.surfaces import SURFACE, roughness
from dsdmsr.metrics.tally import Tally

if TYPE_CHECKING:
    from dsdmsr.metrics.stateful import (
        EdgeRMSE,
        FlyingPixelRate,
        MaskedBadPixelRate,
        MaskedMAE,
        MaskedPSNR,
        MaskedRMSE,
        MaskedSSIM,
    )

__all__ = [
    "EDGE_RADIUS",
    "EdgeRMSE",
    "EdgeZone",
    "FlyingPixelRate",
    "MaskedBadPixelRate",
    "MaskedMAE",
    "MaskedPSNR",
    "MaskedRMSE",
    "MaskedSSIM",
    "SURFACE",
    "WITHIN_90",
    "WITHIN_90_NOISY",
    "Tally",
    "ause",
    "bad_pixel_rate",
    "coverage",
    "edge_distance",
    "edge_rmse",
    "edge_zone",
    "flying_pixel_rate",
    "mae",
    "normal_error",
    "normals",
    "psnr",
    "reliability",
    "rmse",
    "roughness",
    "rounded_off",
    "sparsification",
    "ssim",
]


def __getattr__(name: str) -> object:
    # torchmetrics is needed by these classes alone, not by what upscaling takes from here.
    if name in __all__:
        from dsdmsr.metrics import stateful

        return getattr(stateful, name)
    raise AttributeError(f"module 'dsdmsr.metrics' has no attribute {name!r}")
