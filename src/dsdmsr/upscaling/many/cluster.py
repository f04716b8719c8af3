"""The pool of processes that Ray Data gives work to."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any
from warnings import catch_warnings, simplefilter

from dsdmsr.errors import DsdmsrError
from dsdmsr.io.checks import single_line
from dsdmsr.upscaling.many.options import ManyOptions

__all__ = ["Cluster"]

_RETRIES = 5
"""How often a block is tried again that a process was killed with."""


class Cluster:
    """A Ray that this process is part of.

    Args:
        many: Its options.
        processes: How many processes there can be now.
    """

    def __init__(self, many: ManyOptions, processes: int) -> None:
        import ray

        self._ray, self._gpus, self.processes = ray, many.gpus, processes
        # Nodes that join a cluster bring more of them.
        self._most = many.workers if many.address else processes

    def put(self, table: Any) -> Any:
        """Have Ray keep a table; return its reference."""
        return self._ray.put(table)

    def get(self, reference: Any) -> Any:
        """Return what Ray keeps."""
        return self._ray.get(reference)

    def map(
        self, worker: type, arguments: tuple[Any, ...], blocks: Sequence[Any], rows: int
    ) -> Iterator[dict[str, Any]]:
        """Yield the rows that workers return, as they come.

        Which process has which block, what is done again after one was killed, and how many there
        are while nodes come and go, is Ray Data's work.

        Args:
            worker: A class: tables → tables.
            arguments: Its arguments.
            blocks: References to tables.
            rows: How many rows a worker is given at a time.

        Raises:
            DsdmsrError: If Ray fails.
        """
        from ray import data

        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        context = data.DataContext.get_current()
        context.enable_progress_bars = False
        # What no process has finished is found out at the end, and named.
        context.max_errored_blocks = -1
        # One that Ray itself cancels before it runs, as nodes come and go, is replaced.
        context.max_consecutive_actor_init_deaths = _RETRIES
        maps = data.from_arrow_refs(list(blocks)).repartition(target_num_rows_per_block=rows)
        with catch_warnings():
            # Ray 2.60 has no other name for the number of retries, which is without end by default.
            simplefilter("ignore")
            results = maps.map_batches(
                worker,
                fn_constructor_args=arguments,
                batch_size=None,
                batch_format="pyarrow",
                compute=data.ActorPoolStrategy(min_size=1, max_size=self._most),
                num_cpus=1,
                num_gpus=self._gpus,
                max_task_retries=_RETRIES,
            )
        tables = iter(
            results.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
        )
        while (table := self._next(tables)) is not None:
            yield from table.to_pylist()

    def _next(self, tables: Iterator[Any]) -> Any:
        """Return the next table; None after the last.

        Raises:
            DsdmsrError: If Ray fails.
        """
        try:
            return next(tables, None)
        except self._ray.exceptions.RayError as error:
            reason = single_line(str(error).splitlines()[0])
            raise DsdmsrError(f"Ray has failed: {reason}; go on with --resume") from error
