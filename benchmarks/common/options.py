"""Options and names that benchmarks share."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dsdmsr.zoo.names import PACKAGED, REFERENCES, ROBUST_MODEL

__all__ = ["DOCS", "ROOT", "TIERS", "options", "with_data"]

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
TIERS = tuple(name for name in PACKAGED if name not in (ROBUST_MODEL, *REFERENCES))
"""The packaged networks for clean maps that are meant for use."""


def options(description: str | None) -> argparse.ArgumentParser:
    """Return a parser whose help is a module's docstring."""
    return argparse.ArgumentParser(
        prog=sys.argv[0],
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def with_data(description: str | None) -> argparse.ArgumentParser:
    """Return `options` with --data, the folder of real depth maps."""
    parser = options(description)
    default = os.environ.get("DSDMSR_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument(
        "--data", type=Path, default=Path(default), help="default: DSDMSR_DATA, or %(default)s"
    )
    return parser
