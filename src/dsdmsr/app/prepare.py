"""Prepare data sets, with progress, and tell what came of it."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.prepared.splits import SPLITS
from dsdmsr.data.sources.source import Source

__all__ = ["prepare_set"]

_MOST_LISTED = 20


def prepare_set(
    source: Source,
    folder: Path,
    *,
    pyramid: bool = False,
    shards: bool = True,
    workers: int,
    resume: bool,
    out: Console,
    err: Console,
) -> int:
    """Prepare a set; return 0, or 1 if some of its maps failed, which are listed.

    Raises:
        DsdmsrError: If nothing can be done as asked.
    """
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    with bar:
        task = bar.add_task(f"preparing {source.name}", total=None)
        outcome = prepare(
            source,
            folder,
            Forms(pyramid=pyramid, shards=shards),
            workers=workers,
            resume=resume,
            advance=lambda done, total: bar.update(task, completed=done, total=total),
        )
    counts = ", ".join(f"{outcome.counts[split]} {split}" for split in SPLITS)
    out.print(f"wrote {sum(outcome.counts.values())} maps to {folder}: {counts}", markup=False)
    for origin, reason in outcome.failures[:_MOST_LISTED]:
        told = reason if origin in reason else f"{origin}: {reason}"
        err.print(f"failed: {told}", markup=False)
    if len(outcome.failures) > _MOST_LISTED:
        more = len(outcome.failures) - _MOST_LISTED
        err.print(f"and {more} more: see {folder / 'manifest.json'}", markup=False)
    if outcome.failures:
        err.print("mend them and go on with --resume", markup=False)
    return 1 if outcome.failures else 0
