"""What files that promise too much cost: time, and memory over their honest size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.common.options import options
from benchmarks.common.oversized_files import FILES
from benchmarks.common.results import save_results, sourced_table

__all__ = ["measure", "table"]

_WORKER = """
import json, resource, sys, time
from pathlib import Path
import numpy as np
from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.errors import DsdmsrError

# Not beyond what a machine has, if the reader should believe the file.
resource.setrlimit(resource.RLIMIT_AS, (24 * 2**30,) * 2)
small, path = Path(sys.argv[1]), Path(sys.argv[2])
try:
    write_depth(small, DepthMap(np.ones((4, 4), np.float32)), "float")
    read_depth(small)
except DsdmsrError:
    pass


def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


# The peak of getrusage counts the process that this one was started by.
before, start = kilobytes("VmRSS"), time.process_time()
try:
    outcome = f"read, {'×'.join(map(str, read_depth(path).shape[::-1]))}"
except DsdmsrError as error:
    outcome = "refused"
taken = time.process_time() - start
print(json.dumps([outcome, taken, 1024 * (kilobytes("VmHWM") - before)]))
"""


def measure(names: list[str]) -> list[dict[str, Any]]:
    """Return a row for each file: what came of it, seconds of CPU, and bytes over its own."""
    rows = []
    for name in names:
        kind = FILES[name]
        with TemporaryDirectory(prefix="oversized-") as folder:
            path = Path(folder) / f"oversized{kind.suffix}"
            kind.write(path)
            small = path.with_stem("small")
            done = subprocess.run(
                [sys.executable, "-c", _WORKER, str(small), str(path)],
                capture_output=True,
                text=True,
                check=True,
            )
        outcome, seconds, grown = json.loads(done.stdout)
        rows.append(
            {"file": name, "outcome": outcome, "s": seconds, "over": max(0, grown - kind.honest)}
        )
        print(rows[-1])
    return rows


def table(results: dict[str, Any]) -> str:
    """Return what came of each file, its time, and its memory."""
    rows = [
        [row["file"], row["outcome"], f"{row['s']:.2f}", f"{row['over'] / 1e6:.0f}"]
        for row in results["rows"]
    ]
    return sourced_table(
        results, ["file", "outcome", "s", "MB over its honest size"], rows, names=2
    )


def main() -> None:
    parser = options(__doc__)
    parser.parse_args()
    save_results("oversized", "python -m benchmarks oversized", {"rows": measure(list(FILES))})
