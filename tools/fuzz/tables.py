"""The table of the fuzzing."""

from __future__ import annotations

from typing import Any

from benchmarks.common.results import sourced_table

__all__ = ["table"]

_HEAD = ["reader", "executions", "read", "refused in one line", "faults"]


def table(results: dict[str, Any]) -> str:
    """Return how many changed files each reader was given, and what came of them."""
    rows = []
    for row in [*results["rows"], _total(results["rows"])]:
        counts = {name: count for name, count in row.items() if name not in ("reader", "faults")}
        shown = (sum(counts.values()), row.get("read", 0), row.get("refused", 0), row["faults"])
        rows.append([row["reader"], *(f"{count:,}" for count in shown)])
    return sourced_table(results, _HEAD, rows, names=1)


def _total(rows: list[dict[str, Any]]) -> dict[str, Any]:
    names = {name for row in rows for name in row} - {"reader"}
    return {"reader": "all", **{name: sum(row.get(name, 0) for row in rows) for name in names}}
