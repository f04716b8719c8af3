"""Options that the benchmarks share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add --data, the folder of real depth maps."""
    default = os.environ.get("DSDMSR_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument(
        "--data", type=Path, default=Path(default), help="default: DSDMSR_DATA, or %(default)s"
    )
