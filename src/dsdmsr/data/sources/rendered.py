"""Rendered scenes as a data set, to share or to train from."""

from __future__ import annotations

from dataclasses import dataclass

from dsdmsr.data.prepared.splits import Splitting
from dsdmsr.data.sources.source import Frame, ReadMap, Source
from dsdmsr.errors import ConfigError

__all__ = ["synthetic"]

_QUANTUM = 1e-4
"""Metres; scenes end at 4 m, so that 16 bits hold them."""


@dataclass(frozen=True)
class _Render:
    seed: int
    size: tuple[int, int]

    def __call__(self, frame: Frame) -> ReadMap:
        # torch and the scenes are loaded only where scenes are rendered.
        import torch

        from dsdmsr.data.scenes.rendered import render_depth

        torch.set_num_threads(1)
        return ReadMap(render_depth(self.seed, int(frame.key), self.size), _QUANTUM)


def synthetic(count: int, size: tuple[int, int], seed: int) -> Source:
    """Describe `count` scenes of the series `seed`, in metres; each is a scene of its own.

    Raises:
        ConfigError: If a number is out of range.
    """
    sides = min(size) >= 16 and max(size) <= 2**14
    if not (1 <= count <= 10**7 and sides and 0 <= seed < 2**40):
        raise ConfigError(
            f"count is {count}, size {size[0]}×{size[1]}, seed {seed}: give 1 to 10,000,000, 16×16 "
            "to 16384×16384, 0 or more"
        )
    frames = [Frame(f"{k:06d}", f"{k:06d}", f"scene {k} of seed {seed}") for k in range(count)]
    return Source(
        name="synthetic",
        frames=frames,
        read=_Render(seed, size),
        splitting=Splitting(seed=seed),
        settings=f"size={size} seed={seed}",
    )
