"""Errors of the packaged networks under the published protocols.

Each group of networks has its protocols and its results file; see `GROUPS`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from rich.progress import Progress

import dsdmsr
from benchmarks.common.options import ROOT, TIERS, with_data
from benchmarks.common.results import RESULTS, made_by, sourced_table
from dsdmsr.evaluation.options import EvaluateOptions, ProtocolName
from dsdmsr.evaluation.page import page
from dsdmsr.evaluation.protocols import SUITE
from dsdmsr.evaluation.report import figure, markdown, markdown_table, table_rows, title_of
from dsdmsr.evaluation.results import Results
from dsdmsr.zoo.names import REFERENCES, ROBUST_MODEL


class Group(NamedTuple):
    """Networks that are measured together."""

    protocols: tuple[ProtocolName, ...]
    models: tuple[str, ...]
    table: str
    """Marker of the table in the networks' cards."""
    maps: str | None = None
    """Which maps of DATA. Default: the protocols'."""


GROUPS = {
    "accuracy": Group(SUITE, TIERS, "accuracy_a"),
    "robust": Group(("a", "b"), (ROBUST_MODEL,), "robust_b"),
    "references": Group(("a",), REFERENCES, "references", "middlebury/eval/classic_filled/*.png"),
}
"""Results file → what is in it. The paper's networks are slow, so they get set C, whose maps are
few and low in resolution."""
SHORT_SETS, SHORT_SCALES = ("B", "C"), (4, 8)
"""Sets and scales that the README shows."""
OMITTED = ("nearest", "bilinear", "lanczos")
"""Baselines that only docs/accuracy.md shows."""


def group_of(name: str) -> str:
    """Return the group of NAME or NAME/bicubic; that of networks for clean maps by default."""
    model = name.partition("/")[0]
    return next((key for key, group in GROUPS.items() if model in group.models), "accuracy")


def measure(data: Path, name: str, html: Path | None = None) -> None:
    """Measure a group, and write its results and perhaps a page with crops."""
    if ROOT not in Path(dsdmsr.__file__).parents:
        raise SystemExit("the installed dsdmsr is not this checkout's: pip install -e .")
    group = GROUPS[name]
    options = EvaluateOptions(
        protocol=group.protocols,
        data=data if group.maps is None else None,
        maps=() if group.maps is None else (str(data / group.maps),),
        model=group.models,
        crops=html is not None,
    )
    with Progress() as progress:
        task = progress.add_task(name, total=1)
        results = dsdmsr.evaluate(options, lambda share: progress.update(task, completed=share))
    results.write(RESULTS / f"{name}.json")
    if html is not None:
        html.write_text(page(results), encoding="utf-8")


def table(
    content: dict[str, Any], letter: str, *, scenes: bool = False, command: str | None = None
) -> str:
    """Return the means of a protocol's sets, or every scene, with what made them."""
    results = Results.from_plain(content)
    ours = {model.name: str(model) for model in results.models}
    (protocol,) = [one for one in results.protocols if one.letter == letter]
    rows = []
    for row in table_rows(protocol, scenes=scenes):
        if row.method in OMITTED or (scenes and row.scene == "mean"):
            continue
        cells = [figure(row.values.get(scale)) for scale in protocol.scales]
        if row.method in ours:
            cells = [f"**{cell}**" for cell in cells]
        rows.append([row.scene if scenes else row.set, row.method, row.sees, *cells])
    if not any(row[1] in ours for row in rows):
        raise SystemExit("the results hold no scores of a packaged network")
    head = ["scene" if scenes else "set", "method", "sees"]
    head += [f"×{scale}" for scale in protocol.scales]
    weights = ", ".join(f"{name} {of}" for name, of in ours.items())
    source = made_by(content, command or f"dsdmsr evaluate --protocol {letter}").rstrip(".")
    return "\n".join(
        [
            f"{title_of(protocol)}." + ("" if scenes else " Means of each set."),
            "",
            *markdown_table(head, rows, names=3),
            "",
            f"{source}; weights: {weights}.",
        ]
    )


def short_table(content: dict[str, Any]) -> str:
    """Return bicubic, the best depth-only method and networks for clean maps, at two scales."""
    results = Results.from_plain(content)
    (protocol,) = [one for one in results.protocols if one.letter == "a"]
    known = {m.name: protocol.degradation in m.sha256_for_known for m in results.models}
    rows = []
    for row in table_rows(protocol):
        name, _, how = row.method.partition(", ")
        if row.set not in SHORT_SETS or row.method in OMITTED or row.sees != "depth":
            continue
        if how == "blind":
            continue
        cells = [figure(row.values.get(scale)) for scale in SHORT_SCALES]
        if name in known:
            # Weights for any degradation don't know this one.
            name += f", {how}" if how else ", known" if known[name] else ", blind"
            cells = [f"**{cell}**" for cell in cells]
        rows.append([name, row.set, *cells])
    head = ["method", "set", *(f"×{scale}" for scale in SHORT_SCALES)]
    command = "dsdmsr evaluate --protocol a"
    return sourced_table(content, head, rows, names=2, command=command)


def references_table(content: dict[str, Any]) -> str:
    """Return the means of the paper's networks."""
    group = GROUPS["references"]
    command = f"dsdmsr evaluate --protocol a --maps classic_filled --model {' '.join(group.models)}"
    return table(content, "a", command=command)


def full_table(content: dict[str, Any]) -> str:
    """Return all metrics under all protocols."""
    return markdown(Results.from_plain(content))


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--html", type=Path, help="a page for yourself: it shows the maps")
    given = parser.parse_args()
    if given.html is not None and len(given.only) > 1:
        parser.error("a page is of one group: name it with --only")
    for name in given.only:
        measure(given.data, name, given.html)
