"""The command that upscales more depth files than one machine can hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Annotated

from cyclopts import Parameter

from dsdmsr.app.console import print_remark, print_result, progress_bar
from dsdmsr.app.options import flattened
from dsdmsr.upscaling.many.options import ManyOptions
from dsdmsr.upscaling.many.run import Watcher
from dsdmsr.upscaling.many.run import upscale_many as run
from dsdmsr.upscaling.options import UpscaleOptions

__all__ = ["upscale_many"]

flattened(UpscaleOptions)
flattened(ManyOptions)
_LISTED_MAX = 20
_APART = 10.0
"""Seconds between two lines of a listing."""


def upscale_many(
    source: Annotated[str, Parameter(name="SRC")],
    target: Annotated[str, Parameter(name="DST")],
    /,
    *,
    many: ManyOptions | None = None,
    options: UpscaleOptions | None = None,
) -> int:
    """Run `dsdmsr upscale-many`; return 0, or 1 if some of the maps failed.

    Args:
        source: A folder, which is searched with all folders in it; a pattern such as
            's3://bucket/scans/**/*.png'; a list, a .txt file with a path or URL a line; shards
            (.tar) or ROS recordings. Disks, s3://, gs:// and whatever else fsspec reaches.
        target: A folder or a URL, new or empty; the outputs lie in folders of the same names.
        many: See `ManyOptions`.
        options: See `UpscaleOptions`.

    Raises:
        DsdmsrError: If nothing can be done as asked.
    """
    options = options or UpscaleOptions()
    with _Shown() as shown:
        outcome = run(source, target, options, many, watcher=shown.watcher)
    existed = f"; {outcome.kept} existed" if outcome.kept else ""
    print_result(f"wrote {outcome.written} maps to {target}{existed}")
    for name, reason in outcome.failures[:_LISTED_MAX]:
        print_remark(f"failed: {reason if name in reason else f'{name}: {reason}'}")
    if len(outcome.failures) > _LISTED_MAX:
        print_remark(f"and {len(outcome.failures) - _LISTED_MAX} more: see the ledger")
    if outcome.lost:
        print_remark(
            f"not done: {len(outcome.lost)} maps, {outcome.lost[0]} the first: each process that "
            "tried was killed, perhaps for want of memory; go on with --resume, and fewer --workers"
        )
    return 1 if outcome.failures or outcome.lost else 0


class _Shown:
    """What is said while a run goes on: the listing, progress, and remarks once."""

    def __init__(self) -> None:
        self.watcher = Watcher(self._listed, self._starting, self._done, self._remark)
        self._stack = ExitStack()
        self._printed: set[str] = set()
        self._due = time.monotonic() + _APART
        self._show: Callable[[float], None] | None = None

    def __enter__(self) -> _Shown:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _starting(self) -> None:
        print_remark("starting Ray and the first network, which takes some seconds")
        self._due = time.monotonic() + _APART

    def _listed(self, count: int) -> None:
        if time.monotonic() > self._due:
            self._due = time.monotonic() + _APART
            print_remark(f"listing: {count:,} maps so far")

    def _done(self, count: int, total: int) -> None:
        if self._show is None:
            # The rate is that of maps after the first, so that the start doesn't count.
            bar = progress_bar("upscaling", total, begun=count, unit="maps")
            self._show = self._stack.enter_context(bar)
        self._show(count)

    def _remark(self, source: str, line: str) -> None:
        if line not in self._printed:
            print_remark(f"{source}: {line}")
        self._printed.add(line)
