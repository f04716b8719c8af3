"""Where commands print."""

from __future__ import annotations

from rich.console import Console

__all__ = ["err", "out"]

out = Console(highlight=False, soft_wrap=True, emoji=False)
"""Results: standard output."""
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
"""Progress, remarks and errors: standard error."""
