"""The documentation's pictures by name."""

from __future__ import annotations

from benchmarks.common.launch import launch

MODULES = {
    name: f"docs.figures.{name}"
    for name in ("before_after", "cloud", "gallery", "prepared", "scenes")
}
"""Name → module."""

if __name__ == "__main__":
    launch("docs.figures", MODULES)
