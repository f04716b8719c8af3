"""Evaluate a network and show the table."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from dsdmsr.errors import DataError, FileError
from dsdmsr.evaluation.evaluate import Score, count_maps, evaluate, methods_for
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.evaluation.report import results, table, weights_checksum
from dsdmsr.provenance import write_json
from dsdmsr.zoo.names import DEFAULT_MODEL
from dsdmsr.zoo.pretrained import from_pretrained

__all__ = ["evaluate_network"]


def evaluate_network(
    *,
    protocol: str,
    data: Path,
    model: str | None,
    json: Path | None,
    device: str,
    overwrite: bool,
    out: Console,
    err: Console,
) -> None:
    """Evaluate, print the table, and write the results file if one is asked for.

    Raises:
        DataError: If the data folder or a map is missing.
        FileError: If the results file exists or cannot be written.
        ModelError: If the network cannot be loaded.
    """
    chosen = PROTOCOLS[protocol]
    if not data.is_dir():
        raise DataError(f"{data} is not a folder: give the one that holds middlebury/eval")
    if json is not None:
        if json.exists() and not overwrite:
            raise FileError(f"{json} exists: give another name, or --overwrite")
        if json.is_dir() or not os.access(json.parent, os.W_OK):
            raise FileError(f"{json} cannot be written: give a file in a folder that can be")
    network = from_pretrained(model)
    name = DEFAULT_MODEL if model is None else Path(model).resolve().name
    if name == "bicubic":
        raise FileError("a network called bicubic can't be told from the baseline: rename it")
    scales = tuple(s for s in chosen.scales if s in network.scales)
    chosen = dataclasses.replace(chosen, scales=scales)
    scores: list[Score] = []
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task(f"protocol ({protocol})", total=count_maps(chosen))
        for some in evaluate(chosen, data, methods_for(name, network, device)):
            scores += some
            progress.advance(task)
    out.print(table(chosen, scores))
    if json is not None:
        content = results(chosen, scores, model=name, checksum=weights_checksum(network))
        try:
            write_json(json, content)
        except OSError as error:
            raise FileError(f"{json} cannot be written: {error.strerror}") from error
        out.print(f"wrote {json}", markup=False)
