"""``python -m dsdmsr``, and the command ``dsdmsr``."""

from __future__ import annotations

import sys
from typing import NoReturn

__all__ = ["run"]


def run() -> NoReturn:
    """Run the command as a process; Ctrl-C ends it in one line from the first moment on."""
    try:
        from dsdmsr.app import cli
    except KeyboardInterrupt:
        print("dsdmsr: interrupted", file=sys.stderr)
        sys.exit(130)
    cli.run()


if __name__ == "__main__":
    run()
