"""Upscaling of batches of grey images, as ComfyUI's nodes pass them on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from dsdmsr.io.image_batches import batch_of, maps_of
from dsdmsr.upscaling.auto import AUTO, check_choice
from dsdmsr.upscaling.checks import Edges, check_edges
from dsdmsr.upscaling.rows import empty_map
from dsdmsr.upscaling.sizes import Size
from dsdmsr.upscaling.upscaler import Upscaler
from dsdmsr.zoo.names import DEFAULT_MODEL, PACKAGED, REFERENCES

__all__ = ["BatchOptions", "upscale_batch"]


Degradation = Literal["auto", "unknown", "bicubic"]


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """Say how a batch is upscaled; each field is an input of the node.

    Raises:
        ConfigError: If an option is out of range.
    """

    scale: int = 4
    """The factor, a whole number from 2 to 16."""
    model: str = DEFAULT_MODEL
    """A packaged network, a folder, or owner/name on the Hub; or auto."""
    degradation: Degradation = "auto"
    """How the images were downsampled: bicubic, antialiased, for which dsdmsr-base and
    dsdmsr-robust have weights; unknown; or auto: what the steps of the first image show."""
    edges: Edges = "smooth"
    """sharp: put pixels between two surfaces on the nearer one."""

    def __post_init__(self) -> None:
        Size(scale=self.scale)
        check_choice(self.degradation)
        check_edges(self.edges)

    @classmethod
    def inputs(cls) -> dict[str, tuple[Any, dict[str, Any]]]:
        """Return the options as inputs of a node: type, or choices, and default.

        Source:
            ComfyUI's documentation, "Datatypes": ``INPUT_TYPES``.

        Example:
            >>> BatchOptions.inputs()["scale"]
            ('INT', {'default': 4, 'min': 2, 'max': 16})
        """
        kinds: dict[str, tuple[Any, dict[str, Any]]] = {
            "scale": ("INT", {"min": 2, "max": 16}),
            "model": ([*(name for name in PACKAGED if name not in REFERENCES), AUTO], {}),
            "degradation": (list(get_args(Degradation)), {}),
            "edges": (list(get_args(Edges)), {}),
        }
        defaults = {option.name: option.default for option in fields(cls)}
        return {
            name: (kind, {"default": defaults[name]} | more) for name, (kind, more) in kinds.items()
        }


@lru_cache(maxsize=1)
def _upscaler(options: BatchOptions) -> Upscaler:
    given = asdict(options)
    return Upscaler.from_pretrained(given.pop("model"), **given)


def upscale_batch(
    images: NDArray[Any],
    mask: NDArray[Any] | None = None,
    *,
    progress: Callable[[int], object] | None = None,
    **options: Any,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return larger images and their mask, all by the weights that suit the first image.

    The network is kept for the next batch. It makes no difference whether the near is light, as in
    inverse depth, or dark. Images of 0…1 become images of 0…1.

    Args:
        images: Grey depth, b×h×w×3, float32.
        mask: Above 0.5 in holes, b×h×w. Default: no holes.
        progress: Called after each image with the number of those done.
        options: Those of `BatchOptions`.

    Returns:
        b×H×W×3 and b×H×W, float32; in holes, 0 and 1.

    Raises:
        DepthError: If the images have colours, or mask and images don't fit.
        ConfigError: As `BatchOptions`.
        ModelError: If the network cannot be loaded.

    Example:
        >>> import numpy as np
        >>> images = np.linspace(0, 1, 3 * 8 * 8, dtype=np.float32).reshape(1, 8, 8, 3)
        >>> images[..., 1:] = images[..., :1]
        >>> upscale_batch(images, scale=2, model="dsdmsr-fast")[0].shape
        (1, 16, 16, 3)
    """
    maps = maps_of(images, mask)
    upscaler = _upscaler(BatchOptions(**options))
    upscaler.begin_sequence()
    larger = []
    for depth in maps:
        if depth.valid.any():
            larger.append(upscaler(depth))
        else:
            larger.append(empty_map(depth, upscaler.size.goal(*depth.shape)))
        if progress is not None:
            progress(len(larger))
    return batch_of(larger)
