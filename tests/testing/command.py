"""The command line as tests run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dsdmsr.app.cli import main


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    code = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def run_apart(*arguments: object) -> tuple[int, str, str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "dsdmsr", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def upscaled(capsys, path: Path, *more: object, scale: int = 2) -> Path:
    """Upscale a file to one of its format beside it, and return that."""
    out = path.with_name(f"large{path.suffix}")
    code, _, err = run(capsys, "upscale", path, "-o", out, "--scale", scale, "--overwrite", *more)
    assert code == 0, err
    return out


def refused(capsys, *arguments: object) -> str:
    """Run what must be refused: exit code 2, and one line."""
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert "Traceback" not in err
    # Where there is no terminal, work over two seconds says how far it is.
    lines = [line for line in (out + err).splitlines() if line.strip() and "%, about" not in line]
    assert len(lines) == 1, lines
    assert lines[0].startswith("dsdmsr: ")
    return lines[0]
