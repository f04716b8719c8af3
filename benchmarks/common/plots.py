"""The plotting library, set up to write files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["pyplot", "save"]


def pyplot() -> Any:
    """Return Matplotlib's pyplot, without a display."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plots

    return plots


def save(figure: Any, path: Path) -> None:
    """Write a figure and release it."""
    figure.savefig(path, dpi=80)
    pyplot().close(figure)
    print(f"wrote {path}")
