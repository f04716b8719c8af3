"""Windows of maps: rectangles of whole pixels, and their arithmetic."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

__all__ = ["Window"]

Array = TypeVar("Array", bound=Any)


class Window(NamedTuple):
    """A part of a map: rows `top` to `bottom`, columns `left` to `right`, the last not included."""

    top: int
    bottom: int
    left: int
    right: int

    def scaled(self, factor: int) -> Window:
        """Return the same part of a map `factor` times as large."""
        return Window(*(factor * edge for edge in self))

    def shifted(self, distance: int) -> Window:
        """Return where the part is in a map that has a border of `distance` more pixels."""
        return Window(*(edge + distance for edge in self))

    def halved(self) -> Window:
        """Return the least part of a map half as large that covers this one."""
        top, bottom, left, right = self
        return Window(top // 2, -(-bottom // 2), left // 2, -(-right // 2))

    def grown(self, margin: int, height: int, width: int) -> Window:
        """Return the part with a margin on all sides, as far as the map goes."""
        return Window(
            max(0, self.top - margin),
            min(height, self.bottom + margin),
            max(0, self.left - margin),
            min(width, self.right + margin),
        )

    def within(self, outer: Window) -> Window:
        """Return what of the part lies in another."""
        return Window(
            max(self.top, outer.top),
            min(self.bottom, outer.bottom),
            max(self.left, outer.left),
            min(self.right, outer.right),
        )

    def of(self, x: Array, outer: Window) -> Array:
        """Return this part of an array or tensor that holds the part `outer`."""
        rows = slice(self.top - outer.top, self.bottom - outer.top)
        columns = slice(self.left - outer.left, self.right - outer.left)
        part: Array = x[..., rows, columns]
        return part
