"""The command line."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterable
from typing import NoReturn

from cyclopts import App, CycloptsError

from dsdmsr.app.console import err, out
from dsdmsr.app.evaluate import evaluate
from dsdmsr.app.file_commands import cloud, info, models, sample, upscale
from dsdmsr.app.network_commands import train
from dsdmsr.app.prepare_commands import prepare
from dsdmsr.errors import DsdmsrError

__all__ = ["app", "main", "run"]

app = App(
    name="dsdmsr",
    help="Make depth maps 2, 4, 8 or 16 times larger, from the depth map alone.",
    version_flags=["--version"],
    help_format="markdown",
    result_action="return_value",
    console=out,
    error_console=err,
    print_error=False,
    exit_on_error=False,
    suppress_keyboard_interrupt=False,
)

for _command in (upscale, info, cloud, sample, models, evaluate, train, prepare):
    app.command(_command)


def main(arguments: Iterable[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 1 (some files failed) or 2 (cannot be done)."""
    try:
        result = app(None if arguments is None else list(arguments))
    except CycloptsError as error:
        err.print(f"dsdmsr: {_one_line(str(error))}; see 'dsdmsr --help'", markup=False)
        return 2
    except DsdmsrError as error:
        err.print(f"dsdmsr: {_one_line(str(error))}", markup=False)
        return 2
    except OSError as error:
        err.print(f"dsdmsr: {_one_line(str(error))}", markup=False)
        return 2
    except KeyboardInterrupt:
        err.print("dsdmsr: interrupted")
        return 130
    return result if isinstance(result, int) else 0


def run() -> NoReturn:
    """Run the command as a process: Ctrl-C no longer counts once its work is done."""
    code = main()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    run()
