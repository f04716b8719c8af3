"""Tables of results for LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dsdmsr.evaluation.report import TableRow, figure, table_rows, title_of
from dsdmsr.evaluation.results import ProtocolResults, Results

__all__ = ["latex"]

_SPECIAL = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    character: f"\\{character}" for character in "&%$#_{}"
}
_SYMBOLS = {"×": r"$\times$", "√": r"$\surd$", "–": "--", "…": r"\dots{}", "²": r"$^2$"}


def latex(results: Results) -> str:
    """Return the means of results as LaTeX tables, one for each protocol.

    They need the package booktabs; the least figure of a set at each scale is bold.
    """
    tables = [_table(protocol) for protocol in results.protocols]
    return "\n".join([f"% Made by {results.measured_with}", *tables])


def _table(protocol: ProtocolResults) -> str:
    scales = protocol.scales
    rows = table_rows(protocol)
    lines = [
        r"\begin{table}",
        rf"\caption{{{_escaped(title_of(protocol))}.}}",
        rf"\label{{tab:protocol-{protocol.letter}}}",
        r"\centering",
        rf"\begin{{tabular}}{{lll{'r' * len(scales)}}}",
        r"\toprule",
        " & ".join(["set", "method", "input", *(rf"$\times{scale}$" for scale in scales)]) + r" \\",
    ]
    for maps in protocol.sets:
        of_set = [row for row in rows if row.set == maps.name]
        best = {scale: _least(row.values.get(scale) for row in of_set) for scale in scales}
        lines.append(r"\midrule")
        lines += [_row(row, best) for row in of_set]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])


def _row(row: TableRow, best: dict[int, str | None]) -> str:
    cells = [_escaped(text) for text in (row.set, row.method, row.sees)]
    for scale, least in best.items():
        text = figure(row.values.get(scale))
        cells.append(rf"\textbf{{{text}}}" if text == least else _escaped(text))
    return " & ".join(cells) + r" \\"


def _least(values: Iterable[float | None]) -> str | None:
    """Return the least figure as it is shown: figures that look the same are equally good."""
    known = [value for value in values if value is not None]
    return figure(min(known)) if known else None


def _escaped(text: str) -> str:
    return re.sub(r".", lambda found: (_SPECIAL | _SYMBOLS).get(found[0], found[0]), text)
