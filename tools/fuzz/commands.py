"""Command lines: valid ones, changes of them, and what the command must do with these."""

from __future__ import annotations

import contextlib
import io
import os
from functools import cache
from pathlib import Path
from random import Random

import numpy as np

__all__ = ["change_arguments", "run_command", "write_commands"]

_LINES = (
    "upscale map.npy -o out.npy --scale 2 --model dsdmsr-fast",
    "upscale map.png -o out.png --size 12x16 --encoding mm --model dsdmsr-fast",
    "upscale map.npy --output-dir out --scale 3 --to-kind disparity --focal 10 --baseline 0.1",
    "upscale map.png -o out.npy --scale 2 --units-per-metre 100 --invalid 0 --fill 3 --tile 8",
    "info map.npy map.png --invalid-above 3 --json",
    "info map.png --encoding kitti",
    "cloud map.png -o out.ply --encoding mm --focal 10",
    "cloud map.npy -o out.pcd --focal 10",
    "models",
    "models dsdmsr-fast",
    "sample -o here",
)
_COMMANDS = ("upscale", "info", "cloud", "sample", "models")
"""Those that end soon whatever is given; the others train, wait, or write networks."""
_VALUES = (
    "0",
    "1",
    "2",
    "-1",
    "2.5",
    "nan",
    "inf",
    "1e309",
    "1e-400",
    "9" * 25,
    "",
    " ",
    "-",
    "--",
)
_MORE = (
    "é",
    "a\nb",
    "０",
    "0x10",
    "1_0",
    "+2",
    "12x16",
    "0x0",
    "-1x4",
    "1x1x1",
    "x",
    "auto",
    "none",
)
_NAMES = ("map.npy", "map.png", ".", "..", "nothing", "map.npy#1", "*.npy", "[", "/dev/null", "mm")


@cache
def _options() -> tuple[str, ...]:
    """Return the names of all options of these commands."""
    from dsdmsr.app.cli import app

    found = {
        name
        for command in _COMMANDS
        for argument in app[command].assemble_argument_collection()
        for name in argument.names
        if name.startswith("-")
    }
    return tuple(sorted(found))


def write_commands(folder: Path) -> None:
    """Write a folder for each command line: its arguments, a line each, and maps that it reads."""
    from dsdmsr.io.png import write_png

    for number, line in enumerate(_LINES):
        case = folder / f"{number}"
        case.mkdir()
        (case / "given.arguments").write_text("\n".join(line.split(" ")))
        values = np.linspace(1, 2, 48).reshape(6, 8)
        np.save(case / "map.npy", values.astype(np.float32))
        write_png(case / "map.png", np.round(1000 * values).astype(np.uint16))


def change_arguments(rng: Random, content: bytes) -> bytes:
    """Replace, add, drop or repeat some arguments."""
    given = content.decode().split("\n")
    for _ in range(rng.choice((1, 1, 2, 3))):
        at = rng.randrange(len(given)) if given else 0
        kind = rng.random()
        value = rng.choice((*_VALUES, *_MORE, *_NAMES))
        if kind < 0.4 and given:
            given[at] = value
        elif kind < 0.7:
            more = [rng.choice(_options())]
            given += more if rng.random() < 0.3 else [*more, value]
        elif kind < 0.8:
            del given[at : at + 1]
        elif kind < 0.9 and given:
            given.append(given[at])
        elif given:
            given[at] = f"{given[at]}={value}"
    return "\n".join(given).encode()


def run_command(path: Path, _: Random) -> None:
    """Run the command with the arguments in a folder; check its code and what it says.

    Raises:
        AssertionError: If the code is none of 0, 1 and 2, or 2 is not explained in one line.
    """
    from dsdmsr.app.cli import main

    given = (path / "given.arguments").read_bytes().decode("utf-8", "surrogateescape").split("\n")
    if given[0] not in _COMMANDS and not given[0].startswith("-"):
        given[0] = "info"
    said = io.StringIO()
    # Bytes that are no UTF-8 come out as other characters, as on a console.
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace")
    before = Path.cwd()
    os.chdir(path)
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(out):
            code = main([each.replace("\0", "") for each in given])
    finally:
        os.chdir(before)
    lines = [line for line in said.getvalue().splitlines() if line.startswith("dsdmsr: ")]
    assert code in (0, 1, 2), code
    assert code != 2 or lines, said.getvalue()
    assert "Traceback" not in said.getvalue(), said.getvalue()
