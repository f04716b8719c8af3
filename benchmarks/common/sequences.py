"""Sequences of rendered scenes, and how much predictions of them flicker."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from dsdmsr.data.scenes.raycast import Camera, ray_cast
from dsdmsr.data.scenes.scenery import SceneryConfig, furnish
from dsdmsr.data.scenes.solids import Solid

__all__ = ["SAME_SURFACE", "RenderedSequence", "flicker_errors"]

SAME_SURFACE = 0.02
"""Greatest true change between frames, as a share of the range, that shows the same surface."""


@dataclass(frozen=True)
class RenderedSequence:
    """A scene, and a camera that moves by the same step from frame to frame."""

    solids: list[Solid]
    camera: Camera
    """Of the first frame."""
    step: NDArray[np.float64]
    """3 numbers, in the unit of the scene."""

    @classmethod
    def sample(
        cls, rng: np.random.Generator, size: tuple[int, int], config: SceneryConfig, step: float
    ) -> RenderedSequence:
        """Sample a scene, and the direction in which the camera moves.

        Args:
            rng: Source of randomness.
            size: Height and width of the picture, in pixels.
            config: What scenes look like.
            step: How far the camera moves, as a share of the background's distance.
        """
        solids, camera = furnish(rng, size, config)
        direction = rng.normal(size=3)
        return cls(solids, camera, direction * step / np.linalg.norm(direction))

    def render(self, size: tuple[int, int], frames: int, *, scale: int = 1) -> torch.Tensor:
        """Return the frames, f 1 h w.

        Args:
            size: Height and width of the picture that was sampled, in pixels.
            frames: How many.
            scale: By how much smaller to render it. Each pixel then shows one ray, through the
                middle of the `scale` × `scale` pixels that it covers.
        """
        column, row = ((place + 0.5) / scale - 0.5 for place in self.camera.centre)
        camera = dataclasses.replace(
            self.camera, focal=self.camera.focal / scale, centre=(column, row)
        )
        smaller = size[0] // scale, size[1] // scale
        positions = [
            camera.position + k * self.step for k in range(frames if self.step.any() else 1)
        ]
        seen = [
            ray_cast([(self.solids, dataclasses.replace(camera, position=there))], smaller)
            for there in positions
        ]
        return torch.cat(seen).expand(frames, -1, -1, -1)


def flicker_errors(
    pred: NDArray[np.floating], target: NDArray[np.floating], same: float
) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """Return |predicted change - true change| from frame to frame, and where it counts.

    Args:
        pred: Predictions, f h w.
        target: The truth, f h w.
        same: The true change below which a pixel shows the same surface.

    Returns:
        Both f-1 h w.

    Source:
        Temporal end-point error, Li et al., WACV 2023.
    """
    predicted_change, true_change = np.diff(pred, axis=0), np.diff(target, axis=0)
    return np.abs(predicted_change - true_change), np.abs(true_change) < same
