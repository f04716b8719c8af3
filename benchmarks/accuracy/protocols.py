"""Errors of the packaged networks under the published protocols.

Each group of networks has its protocols and its results file; see `GROUPS`.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

import dsdmsr
from benchmarks.common.options import ROOT, TIERS, with_data
from benchmarks.common.results import RESULTS, made_by
from dsdmsr.evaluation.options import EvaluateOptions
from dsdmsr.evaluation.protocols import SUITE
from dsdmsr.evaluation.report import figure, lines, markdown_table, title_of, weights_text
from dsdmsr.zoo.names import REFERENCES, ROBUST_MODEL


class Group(NamedTuple):
    """Networks that are measured together."""

    protocols: tuple[str, ...]
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
    began = time.monotonic()
    group = GROUPS[name]
    dsdmsr.evaluate(
        EvaluateOptions(
            protocols=group.protocols,
            data=data if group.maps is None else None,
            maps=() if group.maps is None else (str(data / group.maps),),
            models=group.models,
            blind=True,
            json=RESULTS / f"{name}.json",
            html=html,
            crops=html is not None,
            overwrite=True,
        )
    )
    print(f"took {(time.monotonic() - began) / 60:.1f} minutes")


def table(
    results: dict[str, Any], letter: str, *, scenes: bool = False, command: str | None = None
) -> str:
    """Return the means of a protocol's sets, or every scene, with what made them."""
    ours = {model["name"]: weights_text(model) for model in results["models"]}
    (measured,) = [p for p in results["protocols"] if p["letter"] == letter]
    scales = measured["scales"]
    rows = []
    for line in lines(measured, scenes=scenes):
        if line.method in OMITTED or (scenes and line.scene == "mean"):
            continue
        cells = [figure(line.values.get(scale)) for scale in scales]
        if line.method in ours:
            cells = [f"**{cell}**" for cell in cells]
        rows.append([line.scene if scenes else line.set, line.method, line.sees, *cells])
    if not any(row[1] in ours for row in rows):
        raise SystemExit("the results hold no scores of a packaged network")
    head = ["scene" if scenes else "set", "method", "sees", *(f"×{scale}" for scale in scales)]
    weights = ", ".join(f"{name} {of}" for name, of in ours.items())
    made = made_by(results, command or f"dsdmsr evaluate --protocol {letter}").rstrip(".")
    return "\n".join(
        [
            f"{title_of(measured)}." + ("" if scenes else " Means of each set."),
            "",
            *markdown_table(head, rows, names=3),
            "",
            f"{made}; weights: {weights}.",
        ]
    )


def references_table(results: dict[str, Any]) -> str:
    """Return the means of the paper's networks."""
    group = GROUPS["references"]
    command = f"dsdmsr evaluate --protocol a --maps classic_filled --model {' '.join(group.models)}"
    return table(results, "a", command=command)


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=list(GROUPS))
    parser.add_argument("--html", type=Path, help="a page for yourself: it shows the maps")
    given = parser.parse_args()
    if given.html is not None and len(given.only) > 1:
        parser.error("a page is of one group: name it with --only")
    for name in given.only:
        measure(given.data, name, given.html)
