"""Ray: a local one or a cluster, and the pool of processes in it."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from warnings import catch_warnings, simplefilter

from dsdmsr.errors import ConfigError, DsdmsrError
from dsdmsr.io.checks import single_line
from dsdmsr.upscaling.many.options import ManyOptions
from dsdmsr.upscaling.threads import available_processors

__all__ = ["Cluster", "check_address", "joined"]

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Set before Ray is loaded: it reports nothing to anybody, and is silent."""
_STORE = 256 * 2**20
"""Bytes of a local Ray's memory for objects: names of files and rows of the ledger."""
_CONNECT = 10.0
"""Seconds within which a cluster responds."""
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

        self._ray, self._many, self.processes = ray, many, processes

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
                compute=data.ActorPoolStrategy(min_size=1, max_size=self._many.workers),
                num_cpus=1,
                num_gpus=self._many.gpus,
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


@contextmanager
def joined(many: ManyOptions) -> Iterator[Cluster]:
    """Yield a Ray: a local one that is stopped at the end, or a cluster.

    Raises:
        ConfigError: If there is no cluster at the address, or it cannot be joined.
    """
    environ = dict(os.environ)
    os.environ.update(_ENVIRONMENT)
    import ray

    try:
        yield _begun(many)
    finally:
        ray.shutdown()
        # A local Ray leaves RAY_AUTH_MODE=token there, with which nothing else joins a cluster.
        os.environ.clear()
        os.environ.update(environ)


def _begun(many: ManyOptions) -> Cluster:
    """Start Ray, or join it.

    Raises:
        ConfigError: If that fails.
    """
    import ray

    workers = many.workers or available_processors()
    # One more than there are workers, since listings are cut into blocks by tasks.
    local = {"num_cpus": workers + 1, "object_store_memory": _STORE, "include_dashboard": False}
    try:
        with _silent():
            ray.init(
                many.address or "local",
                log_to_driver=False,
                logging_level=logging.ERROR,
                **({} if many.address else local),
            )
    except Exception as error:  # Ray's own classes differ by what is wrong
        reason = single_line(error)
        if many.address is None:
            raise ConfigError(f"a local Ray cannot be used: {reason}") from error
        raise ConfigError(
            f"the cluster at {many.address} cannot be joined: {reason}; if it wants a token, put "
            "it into ~/.ray/auth_token and set RAY_AUTH_MODE=token"
        ) from error
    if many.address is None:
        return Cluster(replace(many, workers=workers), workers)
    return Cluster(many, max(1, int(ray.cluster_resources().get("CPU", 1))))


def check_address(address: str | None) -> None:
    """Check that somebody listens: Ray waits for minutes, and then ends the process.

    Raises:
        ConfigError: If nobody does.
    """
    if address is None or address == "auto":
        return
    host, _, port = address.rpartition(":")
    host = host.rpartition("//")[2]
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"there is no cluster at {address}: {reason}; give the HOST:PORT that `ray start "
            "--head` says"
        ) from error


@contextmanager
def _silent() -> Iterator[None]:
    """Keep what Ray's C++ says while it starts from standard error."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
