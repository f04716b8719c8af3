"""The enlargement of one map by a network's own factor: tile by tile, in bands of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.holes import enlarge_valid
from dsdmsr.depth.map import DepthMap
from dsdmsr.depth.normalise import Normalised, normalise
from dsdmsr.depth.outliers import flat_ends, flat_rims
from dsdmsr.depth.windows import ROWS_AT_ONCE
from dsdmsr.errors import ModelError
from dsdmsr.io.codec import BEYOND
from dsdmsr.io.encodings import find_encoding
from dsdmsr.upscaling.backend import Backend, Predictor
from dsdmsr.upscaling.refinement import CONTEXT, Refinement
from dsdmsr.upscaling.rows import Rows, new_rows
from dsdmsr.upscaling.tiles import Tile, TileOf, tiles
from dsdmsr.upscaling.window import Window

__all__ = ["Enlargement", "Progress", "split_rows"]

_MOST = float(np.finfo(np.float32).max)
Progress = Callable[[float], object]
"""Called after each tile with the share of the map that is done."""


class Enlargement:
    """Enlarge one map by a factor that the network serves.

    Args:
        backend: What runs the network.
        depth: The map, with at least one valid pixel.
        scale: The factor.
        kept: Which pixels count as valid in the result, H×W: holes to fill do.
        tile: See `dsdmsr.upscaling.tiles.Tile`.
        refinement: How predictions are refined. Default: not at all.
        errors: Whether the expected errors are wanted; the backend must predict them.

    Raises:
        DepthError: If no pixel is valid.
    """

    def __init__(
        self,
        backend: Backend,
        depth: DepthMap,
        scale: int,
        *,
        kept: NDArray[np.bool_],
        tile: Tile = "auto",
        refinement: Refinement | None = None,
        errors: bool = False,
    ) -> None:
        self._backend, self._scale, self._kept = backend, scale, kept
        self._tile, self._refinement, self._errors = tile, refinement, errors
        self._shape, self._values = depth.shape, depth.values
        self._squares: NDArray[np.bool_] | None = None
        self._rims: NDArray[np.float32] | None = None
        # Refining compares with the downsampled result, which is linear in its values alone.
        self._lr = normalise(depth.values, depth.valid, backend.border, rescale=refinement is None)
        squares = flat_ends(depth.values, depth.valid)
        # Water is level up to its shore: in heights, and in rasters that declare what is unknown.
        # A clipped background is not: surfaces run into it.
        ground = depth.kind == "height" or depth.metadata.declares_invalid
        if ground and squares.any():
            self._rims = flat_rims(depth.values, depth.valid, squares)
        if self._lr.lone is not None:
            squares |= self._lr.lone
        if squares.any():
            self._squares = squares
        self._allowed = _allowed_range(self._lr, depth.encoding)
        self._noise = refinement.noise_of(depth) if refinement else 0.0
        self._flat = self._lr.low == self._lr.high
        self._predictors: dict[Window, Predictor] = {}

    def rows(self, progress: Progress | None = None) -> Iterator[Rows]:
        """Yield the rows of the map `scale` times as large, from the top to the bottom.

        In holes, too, there are values: those that follow from the nearest valid ones.

        Raises:
            ModelError: If the network gives values that are not finite.
        """
        scale = self._scale
        for tile in self._tiles():
            top, bottom, left, right = tile.window
            if left == 0:
                height, width = scale * (bottom - top), scale * self._shape[1]
                empty = new_rows(height, width, errors=self._errors)
                values, _, error = self._unpredicted(empty)
            self._predict_into(values, error, tile, top)
            self._report(tile, progress)
            if right == self._shape[1]:
                yield from split_rows(values, self._kept, scale, top, error)

    def whole(self, progress: Progress | None, into: Rows) -> Rows:
        """Return all rows at once, in arrays that are given; errors as for `rows`."""
        rows = self._unpredicted(into)
        for tile in self._tiles():
            self._predict_into(rows.values, rows.error, tile, 0)
            self._report(tile, progress)
        enlarge_valid(self._kept, self._scale, into=rows.valid)
        return rows

    def _tiles(self) -> Iterator[TileOf]:
        return tiles(self._tile, self._backend.largest_scale(self._scale), *self._shape)

    def _report(self, tile: TileOf, progress: Progress | None) -> None:
        """Say which share is done after a tile: what is above, and what is left in its row."""
        if progress is not None:
            top, bottom, _, right = tile.window
            height, width = self._shape
            progress((top * width + (bottom - top) * right) / (height * width))

    def _unpredicted(self, rows: Rows) -> Rows:
        """Return arrays, which now hold what a flat map becomes, if the map is one."""
        if self._flat:
            rows.values.fill(self._lr.low)
            if rows.error is not None:
                rows.error.fill(0)
        return rows

    def _predict_into(
        self,
        values: NDArray[np.float32],
        error: NDArray[np.float32] | None,
        tile: TileOf,
        first: int,
    ) -> None:
        """Put the prediction for a tile into arrays that begin at low-resolution row `first`."""
        if self._flat:
            self._put_squares(values, tile, first)
            return
        pred = self._predict(tile)[0]
        # Where there is a NaN, it is both the least and the greatest.
        ends = [float(end) for channel in pred for end in (channel.min(), channel.max())]
        if not isfinite(sum(ends)):
            raise ModelError("the network gave values that are not finite: it is damaged")
        lowest, highest = self._lr.in_unit(np.array(ends[:2]))
        inside = self._allowed[0] <= lowest and highest <= self._allowed[1]
        scale, (top, bottom, left, right) = self._scale, tile.window
        here = np.s_[scale * (top - first) : scale * (bottom - first), scale * left : scale * right]
        self._lr.put_in_unit(pred[0], values[here], None if inside else self._allowed)
        if error is not None:
            self._lr.put_error_in_unit(pred[1], pred[0], error[here])
        self._put_squares(values, tile, first)

    def _put_squares(self, values: NDArray[np.float32], tile: TileOf, first: int) -> None:
        """Put pixels of which no more is known than their value into a tile, as squares of it."""
        top, bottom, left, right = tile.window
        here, scale = np.s_[top:bottom, left:right], self._scale
        rims = None if self._rims is None or not self._rims[here].any() else self._rims[here]
        if self._squares is None or not (rims is not None or self._squares[here].any()):
            return
        large = np.s_[
            scale * (top - first) : scale * (bottom - first), scale * left : scale * right
        ]
        mask = self._squares[here].repeat(scale, 0).repeat(scale, 1)
        known = self._values[here].repeat(scale, 0).repeat(scale, 1)
        if rims is not None:
            mask |= np.abs(values[large] - known) <= rims.repeat(scale, 0).repeat(scale, 1)
        np.copyto(values[large], known, where=mask)

    def _predict(self, tile: TileOf) -> NDArray[np.float32]:
        """Return the prediction for a tile, refined if that is asked for: 1 c H W."""
        lr_depth, border = self._lr.lr_depth, self._lr.border
        if tile.block not in self._predictors:
            block = tile.block.shifted(border)
            if self._refinement is not None:
                block = block.grown(CONTEXT, *lr_depth.shape[-2:])
            self._predictors[tile.block] = self._backend.predictor(lr_depth, self._scale, block)
        predict, window = self._predictors[tile.block], tile.window.shifted(border)
        if tile.last:
            del self._predictors[tile.block]
        if self._refinement is None:
            return predict(window, errors=self._errors)
        # Needs torch.
        from dsdmsr.upscaling.refine import refined_prediction

        return refined_prediction(
            predict,
            lr_depth,
            self._scale,
            window,
            self._refinement,
            self._noise / (self._lr.high - self._lr.low),
            errors=self._errors,
        )


def split_rows(
    values: NDArray[np.float32],
    valid: NDArray[np.bool_],
    scale: int,
    top: int = 0,
    error: NDArray[np.float32] | None = None,
) -> Iterator[Rows]:
    """Yield rows of a high-resolution map with their validity, not too many at once.

    Args:
        values: Some of its rows, from that of the low-resolution map's row `top` on.
        valid: What is valid of the low-resolution map.
        scale: The factor between the two.
        top: See `values`.
        error: The expected error of `values`.
    """
    step = max(1, ROWS_AT_ONCE // scale)
    bottom = top + len(values) // scale
    for row in range(top, bottom, step):
        end = min(row + step, bottom)
        here = slice(scale * (row - top), scale * (end - top))
        part = None if error is None else error[here]
        yield Rows(values[here], enlarge_valid(valid, scale, row, end), part)


def _allowed_range(lr: Normalised, encoding: str | Encoding | None) -> tuple[float, float]:
    """Return the least and greatest output for an input."""
    low, high = lr.low, lr.high
    least, most = map(float, lr.in_unit(np.array([-BEYOND, 1 + BEYOND])))
    if low > 0:
        least = max(least, low / 2)
    elif low == 0:
        least = 0.0
    if encoding is not None:
        smallest, greatest = find_encoding(encoding).value_range
        least, most = max(least, min(smallest, low)), min(most, max(greatest, high))
    # Beyond, float32 has nothing but infinity, which would be a hole.
    return max(least, -_MOST), min(most, _MOST)
