"""Options that the benchmarks share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from dsdmsr.zoo.names import PACKAGED, REFERENCES, ROBUST_MODEL

ROOT = Path(__file__).resolve().parents[1]
TIERS = tuple(name for name in PACKAGED if name not in (ROBUST_MODEL, *REFERENCES))
"""The packaged networks for clean maps that are there to be used."""


def add_data(parser: argparse.ArgumentParser) -> None:
    """Add --data, the folder of real depth maps."""
    default = os.environ.get("DSDMSR_DATA", ROOT.parent / "shared" / "data")
    parser.add_argument(
        "--data", type=Path, default=Path(default), help="default: DSDMSR_DATA, or %(default)s"
    )
