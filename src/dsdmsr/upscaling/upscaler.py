"""A depth map in, a larger one out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.degradations import Degradation
from dsdmsr.depth.holes import enlarge_valid, hole_sizes
from dsdmsr.depth.map import DepthMap
from dsdmsr.depth.normalise import Normalised, normalise
from dsdmsr.errors import ConfigError, ModelError
from dsdmsr.io import ENCODINGS
from dsdmsr.scales import SCALES
from dsdmsr.upscaling.backend import Answers, Backend
from dsdmsr.upscaling.ensemble import ensemble_of
from dsdmsr.upscaling.refine import AROUND, Refinement, refined_answer
from dsdmsr.upscaling.sharpen import Edges, check_edges, sharp
from dsdmsr.upscaling.shrink import Rows, reduced
from dsdmsr.upscaling.sizes import Goal, Size
from dsdmsr.upscaling.tiles import Tile, check_tile, tiles
from dsdmsr.upscaling.torch_backend import TorchBackend
from dsdmsr.upscaling.window import Window
from dsdmsr.zoo.torch_networks import from_pretrained

__all__ = ["Upscaler"]

_ROWS_AT_ONCE = 256
"""Of the large map, about: what comes after the network takes many times their memory."""
_MARGIN = 0.1
"""How far an output may lie outside the input's range, as a share of that range."""

Progress = Callable[[float], object]


class Upscaler:
    """Make depth maps larger: by a whole factor from 2 to 16, or to a size.

    The network makes maps 2, 4, 8 or 16 times larger. Where another size is asked for, it makes
    the next larger one, and each pixel of the result gets what that shows at its centre, so that
    no edge is blurred.

    What stands under invalid pixels changes nothing, and holes stay holes, with borders half-way
    between the centres of valid and invalid pixels; small ones are filled if `fill` says so, and
    `filled` tells which pixels those are. The values keep their kind, unit and range: an output
    is at most a tenth of the input's range outside of it, never at or below zero where no input
    is, and never outside of what the input's encoding can hold. Intrinsics scale with the map;
    `stereo` stays.

    Args:
        backend: What runs the network.
        scale: The factor, a whole number from 2 to 16.
        size: Instead of it, height and width of the results.
        tile: Side, in pixels of the small map, of the parts that are enlarged one after the
            other; auto takes what needs a few hundred MiB. The answer doesn't depend on it.
        fill: Of how many pixels of the small map a hole may be, at the most, to be filled.
        edges: ``smooth``, as the network gives them; or ``sharp``: pixels that lie between two
            surfaces are put on the nearer one, which leaves fewer points between them in space.
        refinement: How the network's answers are refined, so that the result agrees with the
            input; see `dsdmsr.upscaling.refine`. Default: not at all.
        factors: Those of 2, 4, 8, 16 that the network serves.

    Raises:
        ScaleError: If not exactly one of `scale` and `size` is given, or `scale` is not allowed.
        ConfigError: If `tile` is neither auto nor 1 or more, `fill` is negative, or `edges` are
            neither smooth nor sharp.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        scale: int | None = None,
        size: tuple[int, int] | None = None,
        tile: Tile = "auto",
        fill: int = 0,
        edges: Edges = "smooth",
        refinement: Refinement | None = None,
        factors: tuple[int, ...] = SCALES,
    ) -> None:
        self.backend, self.refinement = backend, refinement
        self.size = Size(scale=scale, pixels=size, factors=factors)
        self.tile, self.fill, self.edges = check_tile(tile), fill, check_edges(edges)
        if fill < 0:
            raise ConfigError(f"fill is {fill}: give 0, or the pixels of the largest hole to fill")

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path | None = None,
        *,
        scale: int | None = None,
        size: tuple[int, int] | None = None,
        device: str = "auto",
        ensemble: int = 1,
        tile: Tile = "auto",
        fill: int = 0,
        edges: Edges = "smooth",
        degradation: Degradation | None = None,
        refinement: Refinement | None = None,
    ) -> Upscaler:
        """Make one with a trained network.

        Args:
            name: A packaged network, a folder, or a repository on the Hub. Default: the package's
                default network.
            scale: A whole number from 2 to 16, as far as the network goes.
            size: Instead of it, height and width of the results.
            device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda``, ``cuda:1``, …
            ensemble: 8 for the mean answer to the map turned and mirrored in all eight ways: a
                little more accurate, in eight times the time; or 1. Symmetric networks
                (``model.config.symmetric``) answer so at once.
            tile: See `Upscaler`.
            fill: See `Upscaler`.
            edges: See `Upscaler`.
            degradation: How the maps came from larger ones, if they did and that is known; see
                `dsdmsr.from_pretrained`. Sensors and renderers give samples: leave it out.
            refinement: See `Upscaler`.

        Raises:
            ScaleError: If not exactly one of `scale` and `size` is given, or the network does not
                serve `scale`.
            ModelError: If the network cannot be found or loaded.
            ConfigError: If the device is not there, `ensemble` is neither 1 nor 8, or `tile`,
                `fill` or `edges` are not what `Upscaler` takes, or there is no such degradation.
        """
        Size(scale=scale, pixels=size)
        model = from_pretrained(None if name is None else str(name), degradation=degradation)
        backend = ensemble_of(TorchBackend(model, device), ensemble)
        return cls(
            backend,
            scale=scale,
            size=size,
            tile=tile,
            fill=fill,
            edges=edges,
            refinement=refinement,
            factors=model.scales,
        )

    def __call__(self, depth: DepthMap, progress: Progress | None = None) -> DepthMap:
        """Return the larger map; see `values` for arguments and errors."""
        return self._whole(depth, list(self.bands(depth, progress)))

    def with_errors(
        self, depth: DepthMap, progress: Progress | None = None
    ) -> tuple[DepthMap, NDArray[np.float32]]:
        """Return the larger map, and the absolute errors that the network expects of it.

        Returns:
            The map, and of each of its pixels the expected absolute error in the map's unit, NaN
            where it is invalid. About 90 % of the errors lie within 1.5 times as much, or
            2.2 times where the map is noisy (`dsdmsr.metrics.WITHIN_90`, `WITHIN_90_NOISY`).

        Raises:
            ModelError: If the network doesn't tell; and as `values`.
        """
        bands, errors = zip(*self.bands_with_errors(depth, progress), strict=True)
        return self._whole(depth, bands), np.concatenate(errors)

    def _whole(self, depth: DepthMap, bands: Sequence[DepthMap]) -> DepthMap:
        """Return the larger map of its bands, with its camera."""
        camera = depth.intrinsics
        goal = self.size.goal(*depth.shape)
        return DepthMap(
            np.concatenate([band.values for band in bands]),
            np.concatenate([band.valid for band in bands]),
            kind=depth.kind,
            unit=depth.unit,
            intrinsics=camera
            and camera.scaled(goal.width / depth.shape[1], goal.height / depth.shape[0]),
            stereo=depth.stereo,
            encoding=depth.encoding,
        )

    def bands(self, depth: DepthMap, progress: Progress | None = None) -> Iterator[DepthMap]:
        """Yield the larger map from the top to the bottom, in bands of its full width.

        So no more than one band of it needs to be in memory. Bands have no intrinsics; see
        `values` for arguments and errors.
        """
        for rows in self._reduced(depth, progress):
            yield _band(depth, rows)

    def bands_with_errors(
        self, depth: DepthMap, progress: Progress | None = None
    ) -> Iterator[tuple[DepthMap, NDArray[np.float32]]]:
        """Yield bands as `bands` does, with what `with_errors` says of their pixels."""
        if not self.backend.confident:
            raise ModelError(
                "the network doesn't tell which errors it expects: choose one that does"
            )
        for rows in self._reduced(depth, progress, errors=True):
            expected = 0.0 if rows.errors is None else rows.errors
            yield _band(depth, rows), np.where(rows.valid, expected, np.nan).astype(np.float32)

    def filled(self, valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which pixels of the large map are valid since a hole was filled.

        Args:
            valid: What is valid of the small map, H×W.
        """
        goal = self.size.goal(*valid.shape)
        with_them, without = (_large_valid(mask, goal) for mask in (self._kept(valid), valid))
        return with_them & ~without

    def _kept(self, valid: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return valid | (hole_sizes(valid) <= self.fill) if self.fill else valid

    def values(self, depth: DepthMap, progress: Progress | None = None) -> NDArray[np.float32]:
        """Return the large map's values, in holes those that follow from the nearest valid ones.

        Args:
            depth: Any map with at least one valid pixel.
            progress: Is told after each tile what share of the map is done.

        Raises:
            DepthError: If no pixel is valid.
            ScaleError: If the size asked for is not larger than the map, or too large.
            ModelError: If the network gives values that are not finite.
        """
        return np.concatenate([rows.values for rows in self._reduced(depth, progress)])

    def values_and_errors(
        self, depth: DepthMap, progress: Progress | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Return what `values` does, and the errors that the network expects of it, if it does."""
        made = list(self._reduced(depth, progress, errors=True))
        errors = [rows.errors for rows in made if rows.errors is not None]
        values = np.concatenate([rows.values for rows in made])
        return values, np.concatenate(errors) if errors else None

    def _reduced(
        self, depth: DepthMap, progress: Progress | None, *, errors: bool = False
    ) -> Iterator[Rows]:
        goal = self.size.goal(*depth.shape)
        rows = self._enlarged(depth, goal.factor, progress, errors and self.backend.confident)
        if self.edges == "sharp":
            rows = sharp(rows, goal.factor * depth.shape[0])
        return _to_goal(rows, depth.shape, goal)

    def _enlarged(
        self, depth: DepthMap, scale: int, progress: Progress | None, with_errors: bool
    ) -> Iterator[Rows]:
        """Yield the rows of the map `scale` times as large."""
        height, width = depth.shape
        border = self.backend.border
        small = normalise(depth.values, depth.valid, border)
        low, high = small.low, small.high
        allowed = _allowed(low, high, depth.encoding)
        kept = self._kept(depth.valid)
        noise = self.refinement.noise_of(depth) if self.refinement else 0.0
        begun: dict[Window, Answers] = {}
        largest = self.backend.largest(scale)
        for tile in tiles(self.tile, largest, height, width):
            window = tile.window
            top, bottom, left, right = window.scaled(scale)
            if left == 0:
                large = np.full((bottom - top, scale * width), low, np.float32)
                errors = np.zeros_like(large) if with_errors else None
            if low < high:
                if tile.block not in begun:
                    begun[tile.block] = self._begin(small, scale, tile.block)
                part = Window(*(edge + border for edge in window))
                made = self._answer(begun[tile.block], small, scale, part, noise, with_errors)[0]
                if tile.last:
                    del begun[tile.block]
                if not np.isfinite(made).all():
                    raise ModelError("the network gave values that are not finite: it is damaged")
                large[:, left:right] = np.clip(small.in_unit(made[0]), *allowed)
                if errors is not None:
                    errors[:, left:right] = (high - low) * made[1]
            if progress is not None:
                # Row by row: what is above, and what is left in this row.
                above, beside = window.top * width, (window.bottom - window.top) * window.right
                progress((above + beside) / (height * width))
            if window.right == width:
                yield from _in_parts(large, kept, scale, window.top, errors)

    def _begin(self, small: Normalised, scale: int, block: Window) -> Answers:
        """Return what gives answers for a part of a map, and as much around as refinement asks."""
        block = Window(*(edge + small.border for edge in block))
        if self.refinement is not None:
            block = block.grown(AROUND, *small.lr_depth.shape[-2:])
        return self.backend.begin(small.lr_depth, scale, block)

    def _answer(
        self,
        answers: Answers,
        small: Normalised,
        scale: int,
        window: Window,
        noise: float,
        errors: bool,
    ) -> NDArray[np.float32]:
        """Return the answer for a part of a map, refined if that is wished."""
        if self.refinement is None:
            return answers(window, errors=errors)
        share = noise / (small.high - small.low)
        return refined_answer(
            answers, small.lr_depth, scale, window, self.refinement, share, errors=errors
        )


def _to_goal(rows: Iterator[Rows], small: tuple[int, int], goal: Goal) -> Iterator[Rows]:
    """Yield the rows of a map as large as is wanted, from those of the network's size."""
    made = goal.factor * small[0], goal.factor * small[1]
    wanted = goal.height, goal.width
    return rows if made == wanted else reduced(rows, made, wanted)


def _band(depth: DepthMap, rows: Rows) -> DepthMap:
    """Return rows of the larger map of a small one."""
    return DepthMap(
        rows.values,
        rows.valid,
        kind=depth.kind,
        unit=depth.unit,
        stereo=depth.stereo,
        encoding=depth.encoding,
    )


def _in_parts(
    large: NDArray[np.float32],
    valid: NDArray[np.bool_],
    scale: int,
    top: int,
    errors: NDArray[np.float32] | None = None,
) -> Iterator[Rows]:
    """Yield rows of a large map and what is valid of them, not too many at once.

    Args:
        large: Some of its rows, from that of the small map's row `top` on.
        valid: What is valid of the small map.
        scale: How many times larger the large one is.
        top: See `large`.
        errors: What is expected of the errors of `large`.
    """
    step = max(1, _ROWS_AT_ONCE // scale)
    bottom = top + len(large) // scale
    for row in range(top, bottom, step):
        end = min(row + step, bottom)
        here = slice(scale * (row - top), scale * (end - top))
        part = None if errors is None else errors[here]
        yield Rows(large[here], enlarge_valid(valid, scale, row, end), part)


def _large_valid(valid: NDArray[np.bool_], goal: Goal) -> NDArray[np.bool_]:
    """Return what is valid of the large map if `valid` is what is valid of the small one."""
    height, width = valid.shape
    nothing = np.broadcast_to(np.float32(0), (goal.factor * height, goal.factor * width))
    rows = _in_parts(nothing, valid, goal.factor, 0)
    return np.concatenate([part.valid for part in _to_goal(rows, (height, width), goal)])


def _allowed(low: float, high: float, encoding: str | None) -> tuple[float, float]:
    """Return the least and greatest output for an input of range `low`…`high`."""
    margin = _MARGIN * (high - low)
    least, most = low - margin, high + margin
    if low > 0:
        least = max(least, low / 2)
    elif low == 0:
        least = 0.0
    if encoding in ENCODINGS:
        smallest, greatest = ENCODINGS[encoding].value_range
        least, most = max(least, min(smallest, low)), min(most, max(greatest, high))
    return least, most
