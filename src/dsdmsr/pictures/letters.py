"""Text in the letters of Pillow's own font."""

from __future__ import annotations

__all__ = ["plain_letters"]

_INSTEAD = str.maketrans("×−", "x-")


def plain_letters(text: str) -> str:
    """Return text without signs that the font lacks."""
    return text.translate(_INSTEAD)
