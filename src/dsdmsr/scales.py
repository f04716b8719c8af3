"""The factors that a cascade of ×2 stages serves."""

from __future__ import annotations

from dsdmsr.errors import ScaleError

__all__ = ["SCALES", "check_scale"]

SCALES = (2, 4, 8, 16)


def check_scale(scale: int, allowed: tuple[int, ...] = SCALES) -> int:
    """Return `scale`.

    Raises:
        ScaleError: If `scale` is not one of `allowed`.
    """
    if scale not in allowed:
        raise ScaleError(f"scale is {scale}: allowed are {', '.join(map(str, allowed))}")
    return scale
