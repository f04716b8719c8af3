"""The tools by name."""

from __future__ import annotations

from benchmarks.common.launch import launch

MODULES = {
    name: f"tools.{name}"
    for name in ("fill_documents", "make_network", "prune_network", "source_table")
} | {"interop": "tools.interop.run"}
"""Name → module."""

if __name__ == "__main__":
    launch("tools", MODULES)
