"""The names of degradations: how a low-resolution map came from a high-resolution one."""

from __future__ import annotations

from typing import Literal, get_args

from dsdmsr.errors import ConfigError, suggestion

__all__ = ["DEGRADATIONS", "Degradation", "check_degradation"]

Degradation = Literal["bicubic", "area", "interval", "opencv_cubic", "pil_bicubic"]
DEGRADATIONS: tuple[Degradation, ...] = get_args(Degradation)


def check_degradation(name: str) -> None:
    """Check that a degradation has this name.

    Raises:
        ConfigError: If none has.
    """
    if name not in DEGRADATIONS:
        raise ConfigError(
            f"degradation is {name!r}{suggestion(name, DEGRADATIONS)}: allowed are "
            f"{', '.join(DEGRADATIONS)}"
        )
