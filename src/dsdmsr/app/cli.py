"""The command line: its commands, loaded when they are run, and its exit codes."""

from __future__ import annotations

import gc
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

from cyclopts import App, CoercionError, CycloptsError, Parameter

from dsdmsr.app.console import console, guard_streams, print_remark, print_result
from dsdmsr.app.parsing import number_wanted, parameters
from dsdmsr.app.stopping import check_stop, listen, stop_code
from dsdmsr.errors import EXTRAS, DsdmsrError, needing

__all__ = ["COMMANDS", "app", "main", "run"]

COMMANDS = {
    "upscale": "Upscale depth files. Holes stay holes.",
    "stream": "Upscale the frames of a camera, a folder that grows, or a recording, as they come.",
    "upscale-many": "Upscale more depth files than one machine can hold, with Ray.\n\n"
    "Files on disks or in object storage, on a local Ray or a cluster; with a ledger of what is "
    "done, from which --resume goes on.",
    "info": "Describe depth files: size, encoding, unit, holes, range, noise.",
    "cloud": "Write a depth file's valid pixels as a point cloud or mesh (PLY, PCD, HTML).\n\n"
    "Points have x to the right, y down, and z forward, in metres where the file has a unit.",
    "sample": "Write a sample depth map and its high-resolution ground truth.\n\n"
    "lr_depth.png and hr_depth.png are rendered 16-bit PNGs in millimetres, 120×160 and 480×640.",
    "models": "List the packaged networks.",
    "page": "Write a web page that upscales depth maps by itself.\n\n"
    "One HTML file: it needs no server, and sends nothing anywhere.",
    "export": "Write a network's ONNX graphs, for ONNX Runtime, OpenVINO or other programs.",
    "evaluate": "Measure networks beside baselines and published figures.",
    "train": "Train a network on rendered scenes or prepared data sets.",
    "prepare": "Convert downloaded data sets to shards or pyramids of PNG files.\n\n"
    "The output has an index, a split by scene, and a manifest.",
}
"""Command → its help; each is the function of its name in the module of its name, with _ for -."""
_PIPED = ("upscale", "info", "cloud")
"""Commands for which ``-`` is standard input or output."""
_INTERRUPTED = 128 + signal.SIGINT
_HELP = {"-h", "--help", "--version"}
"""What prints pages, with rich."""


def _shown(default: object) -> str | None:
    """Return how help shows a default; None for what says nothing."""
    if default is None or default is False or default == ():
        return None
    return ", ".join(map(str, default)) if isinstance(default, tuple) else str(default)


app = App(
    name="dsdmsr",
    help="Upscale depth maps by 2, 4, 8 or 16, from the depth map alone.",
    version_flags=["--version"],
    help_format="markdown",
    group_parameters=parameters(),
    result_action="return_value",
    default_parameter=Parameter(negative=(), consume_multiple=True, show_default=_shown),
    print_error=False,
    exit_on_error=False,
    suppress_keyboard_interrupt=False,
)
for _name, _help in COMMANDS.items():
    _function = _name.replace("-", "_")
    app.command(f"dsdmsr.app.{_function}:{_function}", name=_name, help=_help)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code.

    0 is success, 1 that some of several files failed, 2 that nothing could be done as asked, 130 an
    interrupt.
    """
    arguments = _with_streams(sys.argv[1:] if arguments is None else arguments)
    if arguments in ([], ["-h"], ["--help"]):
        print_result(_overview())
        return 0
    if "" in arguments:
        print_remark("dsdmsr: an argument is empty, a variable perhaps: give it or leave it out")
        return 2
    try:
        command = arguments[0]
        with needing(f"dsdmsr {command}", command if command in EXTRAS.values() else None):
            result = app(arguments, console=console() if _HELP & {*arguments} else None)
        check_stop()
    except CycloptsError as error:
        print_remark(f"dsdmsr: {_of_options(error)}; see 'dsdmsr {_seen(arguments)}--help'")
        return 2
    except BrokenPipeError:
        return _stopped_by_reader()
    except (DsdmsrError, OSError) as error:
        print_remark(f"dsdmsr: {_one_line(str(error))}")
        return 2
    except KeyboardInterrupt:
        return _interrupted()
    except Exception:
        # What libraries make of a stop, such as an import that failed.
        if stop_code() != _INTERRUPTED:
            raise
        return _interrupted()
    return result if isinstance(result, int) else 0


def run() -> NoReturn:
    """Run the command as a process; a stop is ignored once its work is done.

    0 becomes 1 if standard output could not be written: what was printed there is missing.
    """
    lost = guard_streams()
    # What libraries warn of is for programs: what matters to people is said in lines of our own.
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    # Training saves what it has done, and ends by itself.
    listen(to_terminate=sys.argv[1:2] != ["train"])
    # Loading modules makes hundreds of thousands of objects, none of them garbage.
    gc.set_threshold(200_000, 20, 20)
    try:
        code = main()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    except KeyboardInterrupt:
        code = 130
    try:
        if (reason := lost()) is not None:
            print_remark(f"dsdmsr: standard output cannot be written: {reason.strerror}")
            code = code or 1
    except BrokenPipeError:
        code = _stopped_by_reader()
    # Spares Python's last search for garbage, a tenth of a short command's time.
    gc.freeze()
    sys.exit(code)


def _interrupted() -> int:
    print_remark("dsdmsr: interrupted")
    return _INTERRUPTED


def _stopped_by_reader() -> int:
    """Return the exit code after whoever reads the output has closed it, as `head` does."""
    # What is buffered is flushed when Python ends; see "Note on SIGPIPE" in Python's signal.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _overview() -> str:
    """Return the help of the program: its commands, a line each."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {text.splitlines()[0]}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            "Usage: dsdmsr COMMAND\n",
            f"{app.help}\n",
            *lines,
            "\nSee dsdmsr COMMAND --help for a command's options; dsdmsr --version.",
        ]
    )


def _with_streams(arguments: Sequence[str]) -> list[str]:
    """Return arguments with something for ``-`` that the parser doesn't take for an option."""
    given = list(arguments)
    if "-" not in given or given[0] not in _PIPED:
        return given
    from dsdmsr.app.standard_streams import STREAM

    return [STREAM if text == "-" else text for text in given]


def _seen(arguments: Sequence[str]) -> str:
    """Return the command that arguments name, whose help may help."""
    return f"{arguments[0]} " if arguments[0] in COMMANDS else ""


def _of_options(error: CycloptsError) -> str:
    """Return in one line what is wrong with options."""
    if isinstance(error, CoercionError) and error.token is not None and error.token.keyword:
        wanted = number_wanted(error.target_type)
        if wanted is not None:
            return f"{error.token.keyword} is {error.token.value!r}: give {wanted}"
    text = _one_line(str(error))
    return text if text.endswith("...") else text.removesuffix(".")


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    run()
