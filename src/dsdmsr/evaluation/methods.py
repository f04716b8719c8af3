"""Methods to compare: plain resizes, and OpenCV's edge-preserving filters."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from dsdmsr.degradation.resample import Kernel, resize, resize_nearest
from dsdmsr.depth.degradations import Degradation
from dsdmsr.depth.estimate import estimate_noise
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.depth.map import DepthMap, Kind
from dsdmsr.depth.normalise import normalise
from dsdmsr.errors import ConfigError, suggestion
from dsdmsr.upscaling.refine import refine

__all__ = [
    "BASELINES",
    "FILTERS",
    "VARIATIONAL",
    "HighRes",
    "LowRes",
    "Method",
    "Values",
    "baseline",
    "shifted",
]

Values = NDArray[np.float64]


class LowRes(NamedTuple):
    """A low-resolution map as methods get it."""

    values: Values
    """h×w."""
    valid: NDArray[np.bool_]
    """h×w."""
    scale: int
    """The scale to upsample it by."""
    degradation: Degradation
    """How it came from the ground truth."""
    kind: Kind = "disparity"
    """What the values are."""
    stem: str = ""
    """Where files of it lie in a folder, without a suffix; see `dsdmsr.evaluation.cases.stem`."""

    @property
    def interval(self) -> bool:
        """Whether pixel i sits on high-resolution pixel s·i; see `dsdmsr.degradation.resample`."""
        return self.degradation == "interval"

    def to_depth_map(self) -> DepthMap:
        """Return it as a map to upscale.

        Resampling and noise may take a depth below zero, where it is no depth any more; such a
        map goes in as signed values, of the kind ``disparity``.
        """
        signed = self.kind == "depth" and bool((self.values[self.valid] < 0).any())
        return DepthMap(self.values, self.valid, kind="disparity" if signed else self.kind)


class HighRes(NamedTuple):
    """A method's prediction."""

    values: Values
    """H×W."""
    error: Values | None = None
    """The absolute errors that the method expects, H×W, if it predicts them."""


class Method(Protocol):
    """Upsample low-resolution maps."""

    def __call__(self, low_res: LowRes, /) -> HighRes:
        """Return the map at the scale that is asked for."""
        ...


def _filled(low_res: LowRes) -> torch.Tensor:
    filled = fill_nearest(low_res.values, low_res.valid)
    return torch.from_numpy(np.ascontiguousarray(filled))[None, None]


def _nearest(low_res: LowRes) -> HighRes:
    pred = resize_nearest(_filled(low_res), low_res.scale, interval=low_res.interval)
    return HighRes(np.asarray(pred[0, 0].numpy()))


def _by(kernel: Kernel) -> Method:
    def method(low_res: LowRes) -> HighRes:
        pred = resize(_filled(low_res), low_res.scale, kernel, interval=low_res.interval)
        return HighRes(np.asarray(pred[0, 0].numpy()))

    return method


_bicubic = _by("bicubic")
_MAX_ITERATIONS = 2000
"""Of total generalised variation."""
_COLOUR_SIGMA = 0.1
"""The filters' deviation along depth, as a share of the map's range."""


def _rolling_guidance(low_res: LowRes) -> HighRes:
    """Bicubic, then the rolling guidance filter (Zhang et al., ECCV 2014) of OpenCV."""
    from cv2 import ximgproc

    bicubic = _bicubic(low_res).values
    pred = ximgproc.rollingGuidanceFilter(
        bicubic.astype(np.float32),
        d=2 * low_res.scale + 1,
        sigmaColor=max(_COLOUR_SIGMA * float(np.ptp(bicubic)), 1e-6),
        sigmaSpace=low_res.scale,
        numOfIter=4,
    )
    return HighRes(np.asarray(pred, dtype=np.float64))


def _weighted_median(low_res: LowRes) -> HighRes:
    """Bicubic, then OpenCV's weighted median filter (Zhang et al., CVPR 2014) under itself."""
    from cv2 import ximgproc

    bicubic = _bicubic(low_res).values
    low, span = bicubic.min(), max(float(np.ptp(bicubic)), 1e-6)
    guide = np.round((bicubic - low) / span * 255).astype(np.uint8)
    sigma = 255 * _COLOUR_SIGMA
    pred = ximgproc.weightedMedianFilter(
        guide, bicubic.astype(np.float32), low_res.scale, sigma=sigma
    )
    return HighRes(np.asarray(pred, dtype=np.float64))


def _variational(low_res: LowRes) -> HighRes:
    """Minimise total generalised variation, with the low-resolution map as the only data."""
    noise = estimate_noise(low_res.values, low_res.valid) or 0.0
    scale, normalised = low_res.scale, normalise(low_res.values, low_res.valid, 0)
    lr_depth = torch.from_numpy(normalised.lr_depth)
    start = resize(lr_depth, scale)[0, 0]
    share = noise / ((normalised.high - normalised.low) or 1.0)
    refined = refine(start, lr_depth[0, 0], scale, noise=share, trust=0.0, most=_MAX_ITERATIONS)
    pred = normalised.in_unit(refined.depth.numpy())
    return HighRes(shifted(pred, scale) if low_res.interval else pred)


BASELINES: dict[str, Method] = {
    "nearest": _nearest,
    "bilinear": _by("bilinear"),
    "bicubic": _bicubic,
    "lanczos": _by("lanczos"),
}
"""Resizes that need nothing else."""

FILTERS: dict[str, Method] = {
    "rolling-guidance": _rolling_guidance,
    "weighted-median": _weighted_median,
}
"""Edge-preserving filters after bicubic, from OpenCV with its contributed modules."""


VARIATIONAL: dict[str, Method] = {"tgv": _variational}
"""Slow, and learned from nothing: see `dsdmsr.upscaling.refine`."""


def baseline(name: str) -> Method:
    """Return a baseline by its name.

    Raises:
        ConfigError: If there is none of that name, or it needs OpenCV, which is not installed.
    """
    if name in BASELINES or name in VARIATIONAL:
        return (BASELINES | VARIATIONAL)[name]
    if name not in FILTERS:
        names = [*BASELINES, *VARIATIONAL, *FILTERS]
        raise ConfigError(
            f"method {name!r} is unknown{suggestion(name, names)}: allowed are {', '.join(names)}"
        )
    try:
        from cv2 import ximgproc  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"method {name!r} needs OpenCV: pip install opencv-contrib-python-headless"
        ) from error
    return FILTERS[name]


def shifted(pred: Values, scale: int) -> Values:
    """Return the map whose pixel x lies where x + (scale - 1)/2 was."""
    for axis in (0, 1):
        length = pred.shape[axis]
        first = np.arange(length) + scale // 2 - 1
        pair = (np.minimum(first + k, length - 1) for k in (0, 1))
        pred = sum(pred.take(index, axis) for index in pair) / 2
    return pred
