"""The user's stop, by Ctrl-C or SIGTERM, that no code in between can swallow.

Python drops exceptions of finalizers and of callbacks from libraries, and with them a stop that
comes just then. So it is remembered, and raised again at the next sign of progress.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

__all__ = ["check_stop", "listen", "stop_code"]

_stopped_by: list[int] = []
"""The signal that came, if one did."""


def listen(*, to_terminate: bool) -> None:
    """Have Ctrl-C stop the command, unless whoever started it has it ignored.

    Args:
        to_terminate: Whether SIGTERM stops it in the same way, so that what it was writing is
            removed; otherwise the command does so itself.
    """
    _stopped_by.clear()
    process = os.getpid()

    def stop(number: int, _frame: object) -> NoReturn:
        if os.getpid() != process:  # a process that was forked, of a library's
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        _stopped_by.append(number)
        raise _exception(number)

    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, stop)
    if to_terminate:
        signal.signal(signal.SIGTERM, stop)
    sys.unraisablehook = _say_nothing_of_stops


def check_stop() -> None:
    """Stop if a stop came.

    Raises:
        KeyboardInterrupt: If Ctrl-C did.
        SystemExit: If SIGTERM did.
    """
    if _stopped_by:
        raise _exception(_stopped_by[0])


def stop_code() -> int | None:
    """Return the exit code of a command that was stopped; None if it wasn't."""
    return 128 + _stopped_by[0] if _stopped_by else None


def _say_nothing_of_stops(dropped: UnraisableHookArgs) -> None:
    """Print an exception that Python drops, unless it is a stop, which is remembered."""
    if not _stopped_by or not isinstance(dropped.exc_value, KeyboardInterrupt | SystemExit):
        sys.__unraisablehook__(dropped)


def _exception(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)
