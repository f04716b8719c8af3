"""What is compared: plain resizes, edge-preserving ones that a library offers, and networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from dsdmsr.degradation.resample import Kernel, resize, resize_nearest
from dsdmsr.depth.degradations import Degradation
from dsdmsr.depth.estimate import estimate_noise
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.depth.map import DepthMap
from dsdmsr.depth.normalise import normalise
from dsdmsr.errors import ConfigError
from dsdmsr.nn import DSDMSR
from dsdmsr.upscaling.backend import Backend
from dsdmsr.upscaling.ensemble import ensemble_of
from dsdmsr.upscaling.refine import refine
from dsdmsr.upscaling.refinement import Refinement
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.upscaling.upscaler import Upscaler, predict_everywhere

__all__ = [
    "BASELINES",
    "FILTERS",
    "VARIATIONAL",
    "Method",
    "Network",
    "Small",
    "baseline",
]

Values = NDArray[np.float64]


class Small(NamedTuple):
    """A small map as methods get it."""

    values: Values
    """h×w."""
    valid: NDArray[np.bool_]
    """h×w."""
    scale: int
    """The factor."""
    degradation: Degradation
    """How it was made."""

    @property
    def interval(self) -> bool:
        """Whether pixel i sits on large pixel s·i; see `dsdmsr.degradation.degrade.resize`."""
        return self.degradation == "interval"


Method = Callable[[Small], Values]
"""A small map → the large one."""


def _tensor(small: Small) -> torch.Tensor:
    filled = fill_nearest(small.values, small.valid)
    return torch.from_numpy(np.ascontiguousarray(filled))[None, None]


def _nearest(small: Small) -> Values:
    large = resize_nearest(_tensor(small), small.scale, interval=small.interval)
    return np.asarray(large[0, 0].numpy())


def _by(kernel: Kernel) -> Method:
    def method(small: Small) -> Values:
        large = resize(_tensor(small), small.scale, kernel, interval=small.interval)
        return np.asarray(large[0, 0].numpy())

    return method


_bicubic = _by("bicubic")
_LONGEST = 2000
"""Iterations of total generalised variation at the most."""
_COLOUR_SIGMA = 0.1
"""The filters' deviation along depth, as a share of the map's range."""


def _rolling_guidance(small: Small) -> Values:
    """Bicubic, then the rolling guidance filter (Zhang et al., ECCV 2014) of OpenCV."""
    from cv2 import ximgproc

    large = _bicubic(small)
    made = ximgproc.rollingGuidanceFilter(
        large.astype(np.float32),
        d=2 * small.scale + 1,
        sigmaColor=max(_COLOUR_SIGMA * float(np.ptp(large)), 1e-6),
        sigmaSpace=small.scale,
        numOfIter=4,
    )
    return np.asarray(made, dtype=np.float64)


def _weighted_median(small: Small) -> Values:
    """Bicubic, then OpenCV's weighted median filter (Zhang et al., CVPR 2014) under itself."""
    from cv2 import ximgproc

    large = _bicubic(small)
    low, span = large.min(), max(float(np.ptp(large)), 1e-6)
    guide = np.round((large - low) / span * 255).astype(np.uint8)
    sigma = 255 * _COLOUR_SIGMA
    made = ximgproc.weightedMedianFilter(guide, large.astype(np.float32), small.scale, sigma=sigma)
    return np.asarray(made, dtype=np.float64)


def _variational(small: Small) -> Values:
    """Return what total generalised variation makes of the small map alone."""
    noise = estimate_noise(small.values, small.valid) or 0.0
    seen = normalise(small.values, small.valid, 0)
    lr_depth = torch.from_numpy(seen.lr_depth)
    start = resize(lr_depth, small.scale)[0, 0]
    share = noise / ((seen.high - seen.low) or 1.0)
    made = refine(start, lr_depth[0, 0], small.scale, noise=share, trust=0.0, most=_LONGEST).depth
    large = seen.in_unit(made.numpy())
    return _moved(large, small.scale) if small.interval else large


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
"""What takes long, but has learned nothing: see `dsdmsr.upscaling.refine`."""


def baseline(name: str) -> Method:
    """Return a baseline by its name.

    Raises:
        ConfigError: If there is none of that name, or it needs OpenCV, which is not installed.
    """
    if name in BASELINES or name in VARIATIONAL:
        return (BASELINES | VARIATIONAL)[name]
    if name not in FILTERS:
        known = ", ".join([*BASELINES, *VARIATIONAL, *FILTERS])
        raise ConfigError(f"method {name!r} is unknown: allowed are {known}")
    try:
        from cv2 import ximgproc  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"method {name!r} needs OpenCV: pip install opencv-contrib-python-headless"
        ) from error
    return FILTERS[name]


class Network:
    """A network, or its self-ensemble of 8, as a method, perhaps with refined answers.

    It takes small pixels to lie in the middle of the large ones that they cover. Where they sit on
    every s-th large pixel, its answer is moved by (s - 1)/2 pixels, by linear interpolation.

    Args:
        model: The network.
        device: What runs it.
        ensemble: 1 or 8.
        refinement: How answers are refined. Default: not at all.
        known: Other networks for degradations of which it is told; see
            `dsdmsr.zoo.torch_networks.for_known`.
    """

    def __init__(
        self,
        model: DSDMSR,
        device: str = "auto",
        ensemble: int = 1,
        refinement: Refinement | None = None,
        known: Mapping[Degradation, DSDMSR] | None = None,
    ) -> None:
        def running(model: DSDMSR) -> Backend:
            return ensemble_of(TorchBackend(model, device), ensemble)

        self._usual, self._refinement = running(model), refinement
        self._known = {kind: running(better) for kind, better in (known or {}).items()}

    def __call__(self, small: Small) -> Values:
        """Return the large map."""
        return self.with_errors(small)[0]

    def with_errors(self, small: Small) -> tuple[Values, Values | None]:
        """Return the large map, and the absolute errors that the network expects, if it does."""
        # Disparity: a small map may overshoot below zero.
        depth = DepthMap(small.values, small.valid, kind="disparity")
        backend = self._known.get(small.degradation, self._usual)
        upscaler = Upscaler(backend, scale=small.scale, refinement=self._refinement)
        made = predict_everywhere(upscaler, depth)
        large, expected = (None if x is None else x.astype(np.float64) for x in made)
        assert large is not None
        if small.interval:
            large = _moved(large, small.scale)
            expected = None if expected is None else _moved(expected, small.scale)
        return large, expected


def _moved(large: Values, scale: int) -> Values:
    """Return the map whose pixel x lies where x + (scale - 1)/2 was."""
    for axis in (0, 1):
        length = large.shape[axis]
        first = np.arange(length) + scale // 2 - 1
        pair = (np.minimum(first + k, length - 1) for k in (0, 1))
        large = sum(large.take(index, axis) for index in pair) / 2
    return large
