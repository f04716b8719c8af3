"""Tables of how much runtimes differ."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.common.results import made_by
from dsdmsr.evaluation.report import markdown_table
from tools.runtimes.compare import Cell

__all__ = ["cell_text", "errors_table", "networks_table", "operators_table"]

NAMES = {
    "torch": "torch",
    "onnxruntime": "ONNX Runtime",
    "openvino": "OpenVINO",
    "onnxruntime-web": "onnxruntime-web",
    "ncnn": "ncnn",
}
"""Runtime → the title of its column."""
ROUNDING = "torch’s rounding"
SHOWN = ("axis", "dilations", "mode")
"""Attributes that are shown; others follow from the rest of a graph."""


def operators_table(results: dict[str, Any]) -> str:
    """Return the table of operators, and why some are refused or wrong."""
    rows = [
        [_operators(row), _attributes(row["attributes"]), *_cells(row["compared"])]
        for row in results["operators"]
    ]
    head = ["operator", "as used", *NAMES.values()]
    reasons = _reasons(
        (f"`{row['operators'][-1]}`", row["compared"]) for row in results["operators"]
    )
    return _table(results, head, rows, reasons)


def networks_table(results: dict[str, Any]) -> str:
    """Return the table of networks' predictions."""
    rows = [
        [f"`{row['network']}`", f"×{row['scale']}", *_cells(row["compared"])]
        for row in results["networks"]
    ]
    return _table(results, ["network", "factor", *_with_rounding()], rows, _choices(results))


def errors_table(results: dict[str, Any]) -> str:
    """Return the table of the graphs that give expected errors, too: the worst factor's figures."""
    worst: dict[str, dict[str, Cell]] = {}
    for row in results["errors"]:
        known = worst.setdefault(row["network"], row["compared"])
        worst[row["network"]] = {
            name: max(
                known[name], cell, key=lambda each: ("word" in each, each.get("difference", 0))
            )
            for name, cell in row["compared"].items()
        }
    rows = [[f"`{name}`", *_cells(compared)] for name, compared in worst.items()]
    return _table(results, ["network", *_with_rounding()], rows)


def cell_text(cell: Cell) -> str:
    """Return what a table shows: a difference or a word."""
    if "word" in cell:
        return str(cell["word"])
    return _figure(cell["difference"]) if cell["difference"] else "0"


def _table(
    results: dict[str, Any], head: list[str], rows: list[list[str]], reasons: str = ""
) -> str:
    names = len(head) - len(NAMES)
    parts = ["\n".join(markdown_table(head, rows, names=names)), reasons, made_by(results)]
    return "\n\n".join(part for part in parts if part)


def _figure(difference: float) -> str:
    return f"{difference:.1e}".replace("e-0", "e-")


def _with_rounding() -> list[str]:
    return [ROUNDING, *list(NAMES.values())[1:]]


def _cells(compared: dict[str, Cell]) -> list[str]:
    return [cell_text(compared[name]) for name in NAMES]


def _operators(row: dict[str, Any]) -> str:
    return " → ".join(f"`{name}`" for name in row["operators"])


def _attributes(attributes: dict[str, list[Any]]) -> str:
    shown = []
    for name in SHOWN:
        if name in attributes:
            # A dilation is the same down and across.
            values = [value[0] if isinstance(value, list) else value for value in attributes[name]]
            listed = ", ".join(map(str, sorted(dict.fromkeys(values))))
            shown.append(f"{name} {listed}")
    return "; ".join(shown)


def _choices(results: dict[str, Any]) -> str:
    """Return how much ncnn differs where it is left as it is."""
    found = results["choices"]
    figures = [found["compared"][name] for name in ("winograd", "winograd and half")]
    if any("difference" not in cell for cell in figures):
        return ""
    winograd, half = (_figure(cell["difference"]) for cell in figures)
    return (
        f"The figures of ncnn are without Winograd’s convolutions and with weights in float32. "
        f"By itself, ncnn takes the former, and `{found['network']}` ×{found['scale']} differs by "
        f"{winograd}; pnnx rounds weights to half precision, too, and it differs by {half}."
    )


def _reasons(rows: Iterable[tuple[str, dict[str, Cell]]]) -> str:
    """Return why runtimes refuse or get wrong what they do."""
    found: dict[str, list[str]] = {}
    for what, compared in rows:
        for name, cell in compared.items():
            if "why" in cell:
                found.setdefault(f"{NAMES[name]}: {cell['why']}", []).append(what)
    return "\n".join(f"- {', '.join(whats)} in {reason}." for reason, whats in found.items())
