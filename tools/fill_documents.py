"""Tables of the documents and the networks' cards, from ``benchmarks/results``."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from benchmarks.accuracy import (
    confidence,
    edges,
    flicker,
    noise_strength,
    protocols,
    refining,
    scene_statistics,
    sensor_tables,
    surfaces,
    thin,
)
from benchmarks.accuracy.card_header import model_index
from benchmarks.common.options import DOCS, ROOT
from benchmarks.common.results import load_results
from benchmarks.speed import (
    accuracy_time,
    baseline,
    faults,
    files,
    gpu,
    holes,
    many,
    many_kills,
    oversized,
    prepare,
    processes,
    roofline_tables,
    scene_throughput,
    size,
    starts,
    stream,
)
from experiments import (
    ablation,
    degradation,
    fast_forms,
    known_noise,
    paper,
    scene_mix,
    training_time,
)
from tools import coverage, mutants, source_table
from tools.fuzz import tables as fuzz
from tools.interop import tables as interop
from tools.runtimes import tables as runtimes

ZOO = ROOT / "src" / "dsdmsr" / "zoo"

TABLES: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "accuracy_a": ("accuracy", partial(protocols.table, letter="a")),
    "readme_accuracy": ("accuracy", protocols.short_table),
    "readme_speed": ("roofline", roofline_tables.sentence),
    "accuracy_full": ("accuracy", protocols.full_table),
    "robust_a": ("robust", partial(protocols.table, letter="a")),
    "robust_b": ("robust", partial(protocols.table, letter="b", scenes=True)),
    "references": ("references", protocols.references_table),
    "ablation": ("ablation", ablation.table),
    "accuracy_time": ("accuracy_time", accuracy_time.table),
    "baseline": ("baseline", baseline.table),
    "degradation": ("degradation", degradation.table),
    "degradation_by_kind": ("degradation", degradation.table_by_kind),
    "fast_forms": ("fast_forms", fast_forms.table),
    "faults": ("faults", faults.table),
    "files": ("files", files.table),
    "fuzz": ("fuzz", fuzz.table),
    "pngs": ("files", files.png_table),
    "confidence": ("confidence", confidence.table),
    "coverage": ("coverage", coverage.table),
    "edges": ("edges", edges.table),
    "flicker": ("flicker", flicker.table),
    "gpu": ("gpu", gpu.table),
    "holes": ("holes", holes.table),
    "interop_exceptions": ("interop", interop.exceptions),
    "interop_recipes": ("interop", interop.recipes_table),
    "interop_read": ("interop", interop.read_table),
    "interop_summary": ("interop", interop.summary),
    "interop_written": ("interop", interop.written_table),
    "known_noise": ("known_noise", known_noise.table),
    "many": ("many", many.table),
    "many_grown": ("many", many.grown_table),
    "many_kills": ("many_kills", many_kills.table),
    "mutants": ("mutants", mutants.table),
    "noise_strength": ("noise_strength", noise_strength.table),
    "oversized": ("oversized", oversized.table),
    "paper": ("paper", paper.table),
    "prepare": ("prepare", prepare.table),
    "processes": ("processes", processes.table),
    "refining": ("refining", refining.clean_table),
    "refining_noisy": ("refining_noisy", refining.noisy_table),
    "roofline": ("roofline", roofline_tables.networks),
    "roofline_ceiling": ("roofline", roofline_tables.ceiling),
    "roofline_costs": ("roofline", roofline_tables.costs),
    "roofline_peers": ("roofline", roofline_tables.peers),
    "starts": ("starts", starts.table),
    "stream": ("stream", stream.table),
    "surfaces": ("surfaces", surfaces.table),
    "thin": ("thin", thin.table),
    "roofline_work": ("roofline", roofline_tables.work),
    "runtimes_errors": ("runtimes", runtimes.errors_table),
    "runtimes_networks": ("runtimes", runtimes.networks_table),
    "runtimes_operators": ("runtimes", runtimes.operators_table),
    "scene_mix": ("scene_mix", scene_mix.table),
    "scene_statistics": ("scene_statistics", scene_statistics.table),
    "scene_throughput": ("scene_throughput", scene_throughput.table),
    "sensors_active_stereo": ("sensors", partial(sensor_tables.table, sensor="active stereo")),
    "sensors_better_peers": ("sensors", sensor_tables.better_peers),
    "sensors_structured_light": (
        "sensors",
        partial(sensor_tables.table, sensor="structured light"),
    ),
    "sensors_time_of_flight": ("sensors", partial(sensor_tables.table, sensor="time of flight")),
    "size": ("size", size.table),
    "sources": ("sources", source_table.table),
    "training_time": ("training_time", training_time.table),
}
"""Marker in the documents → results file, and what makes its table."""
_INDEX = re.compile(r"^model-index:\n- name: (\S+)\n.*?(?=^\w)", flags=re.DOTALL | re.MULTILINE)
"""The results in a card's header."""
_PLACE = re.compile(r"<!-- table: (\w+) -->\n.*?<!-- end -->", flags=re.DOTALL)


@cache
def table(name: str) -> str:
    """Return the table of a marker."""
    file, make = TABLES[name]
    return make(load_results(file)).rstrip()


def fill(text: str) -> str:
    """Return a document with its tables filled, and a card with the results in its header.

    Tables are at ``<!-- table: NAME -->`` … ``<!-- end -->``.
    """

    def filled(place: re.Match[str]) -> str:
        return f"<!-- table: {place[1]} -->\n{table(place[1])}\n<!-- end -->"

    return _PLACE.sub(filled, _INDEX.sub(lambda index: model_index(index[1]), text))


def documents() -> list[Path]:
    """Return the documents that hold tables."""
    pages = [ROOT / "README.md", *sorted(DOCS.rglob("*.md")), *sorted(ZOO.rglob("README.md"))]
    return [page for page in pages if _PLACE.search(page.read_text(encoding="utf-8"))]


def main() -> None:
    """Write the tables into the documents."""
    for document in documents():
        document.write_text(fill(document.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"wrote {document.relative_to(ROOT)}")
