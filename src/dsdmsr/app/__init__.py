"""Doors for people: the command line."""

import contextlib
import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_MAX = -1, -4
"""Names of glibc's ``mallopt``."""


def _keep_memory() -> None:
    """Have memory that is given back kept for the next who asks.

    A network's layers take tens of megabytes each, again and again. glibc gets blocks of that size
    from the system every time, which clears them page by page; that takes much of a layer's time.
    The cost is a peak that is markedly higher (benchmarks/speed.py), where blocks do not fit into
    the gaps that others left.
    """
    if sys.platform == "linux":
        # Other C libraries have no such function, and keep their ways.
        with contextlib.suppress(AttributeError):
            libc = ctypes.CDLL(None)
            libc.mallopt(_MMAP_MAX, 0)
            libc.mallopt(_TRIM_THRESHOLD, 2**31 - 1)


_keep_memory()
