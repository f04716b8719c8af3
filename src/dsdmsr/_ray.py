"""Ray: a local one, or a cluster that is joined."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dsdmsr._processors import available_processors
from dsdmsr.errors import ConfigError

__all__ = ["check_address", "joined"]

_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Set before Ray is loaded: it reports nothing to anybody, and is silent."""
_LOCAL_ENVIRONMENT = {
    "RAY_enable_metrics_collection": "0",
    "RAY_event_stats": "0",
    "RAY_task_events_report_interval_ms": "0",
}
"""Set for a local Ray: nobody looks at its statistics, which take a hundredth of the time."""
_STORE = 256 * 2**20
"""Bytes of a local Ray's memory for objects: names of files and rows of the ledger."""
_CONNECT = 10.0
"""Seconds within which a cluster responds."""


@contextmanager
def joined(address: str | None, processes: int | None) -> Iterator[int]:
    """Have this process be part of a Ray; yield how many processes it has for work.

    Args:
        address: HOST:PORT of a cluster, or auto. Default: a local one, stopped at the end.
        processes: How many a local one has. Default: as many as there are processors.

    Raises:
        ConfigError: If there is no cluster at the address, or it cannot be joined.
    """
    environ = dict(os.environ)
    os.environ.update(_ENVIRONMENT if address else _ENVIRONMENT | _LOCAL_ENVIRONMENT)
    import ray

    try:
        yield _begun(address, processes)
    finally:
        ray.shutdown()
        # A local Ray leaves RAY_AUTH_MODE=token there, with which nothing else joins a cluster.
        os.environ.clear()
        os.environ.update(environ)


def _begun(address: str | None, processes: int | None) -> int:
    """Start Ray, or join it; return how many processes it has for work.

    Raises:
        ConfigError: If that fails.
    """
    import ray

    workers = processes or available_processors()
    # One more than there are workers: Ray Data's own tasks need one, too.
    local = {"num_cpus": workers + 1, "object_store_memory": _STORE, "include_dashboard": False}
    try:
        with _silent(), _own_stop():
            ray.init(
                address or "local",
                log_to_driver=False,
                logging_level=logging.ERROR,
                **({} if address else local),
            )
    except Exception as error:  # Ray's own classes differ by what is wrong
        reason = _in_a_line(error)
        if address is None:
            raise ConfigError(f"a local Ray cannot be used: {reason}") from error
        raise ConfigError(
            f"the cluster at {address} cannot be joined: {reason}; if it wants a token, put "
            "it into ~/.ray/auth_token and set RAY_AUTH_MODE=token"
        ) from error
    if address is None:
        return workers
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


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
def _own_stop() -> Iterator[None]:
    """Keep what SIGTERM does: Ray has it leave with the signal's bare number as the code."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    except SystemExit as left:
        raise SystemExit(
            128 + signal.SIGTERM if left.code == signal.SIGTERM else left.code
        ) from None
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


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


def _in_a_line(error: Exception) -> str:
    return " ".join(str(error).split())
