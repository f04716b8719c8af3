"""Results files, and the Markdown tables of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.common.options import ROOT
from dsdmsr._plain import to_plain
from dsdmsr._provenance import provenance, where_and_when, write_json
from dsdmsr.evaluation.report import markdown_table
from dsdmsr.nn import DSDMSR
from dsdmsr.zoo.checksum import weights_checksum
from dsdmsr.zoo.torch_networks import for_known, from_pretrained

__all__ = [
    "RESULTS",
    "change",
    "checksums",
    "forms",
    "load_results",
    "made_by",
    "save_results",
    "sourced_table",
]

RESULTS = ROOT / "benchmarks" / "results"


def save_results(
    name: str,
    command: str,
    content: dict[str, Any],
    networks: Iterable[str] = (),
    *,
    timed: bool = False,
    device: str = "cpu",
) -> None:
    """Write a results file, with what made it.

    Args:
        name: The file's name, without suffix.
        command: What to type to get it again.
        content: What was measured.
        networks: The packaged networks that were measured; their checksums are kept, so that a test
            can tell results of earlier weights.
        timed: Whether nothing but time and memory was measured, which other weights of the same
            form leave as they are: the checksums are then of the forms.
        device: ``cpu`` or ``cuda``.
    """
    about = {**provenance(device), "command": command}
    if known := {network: (forms if timed else checksums)(network) for network in networks}:
        about["forms" if timed else "weights"] = known
    path = RESULTS / f"{name}.json"
    write_json(path, {**about, **content})
    print(f"wrote {path}")


def load_results(name: str) -> dict[str, Any]:
    """Return a results file's content."""
    content: dict[str, Any] = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    return content


def checksums(network: str) -> list[str]:
    """Return the checksums of a packaged network: the blind one's, then of others it comes with."""
    return list(dict.fromkeys(weights_checksum(model) for model in _models(network)))


def forms(network: str) -> list[str]:
    """Return the checksums of a packaged network's form: the blind one's, then of others."""
    texts = [json.dumps(to_plain(model.config), sort_keys=True) for model in _models(network)]
    return list(dict.fromkeys(hashlib.sha256(text.encode()).hexdigest() for text in texts))


def _models(network: str) -> list[DSDMSR]:
    return [from_pretrained(network), *for_known(network).values()]


def change(before: float, after: float) -> str:
    """Return a relative change in per cent, with its sign."""
    return f"{after / before - 1:+.1%}".replace("-", "−")


def made_by(results: dict[str, Any], command: str | None = None) -> str:
    """Return the line that says what made a table: the command as it was at that commit."""
    return f"Made by `{command or results['command']}` at {where_and_when(results)}."


def sourced_table(
    results: dict[str, Any],
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    names: int,
    notes: Sequence[str] = (),
    command: str | None = None,
) -> str:
    """Return a Markdown table, paragraphs of notes, and the line that says what made them.

    Args:
        results: A results file's content.
        head: The columns' titles.
        rows: The cells.
        names: How many columns from the left hold text rather than numbers.
        notes: Paragraphs below the table.
        command: What to type to get the results again, if they don't say it.
    """
    parts = ["\n".join(markdown_table(head, rows, names=names)), *notes, made_by(results, command)]
    return "\n\n".join(parts)
