"""Whether a process keeps memory that is given back."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import resource
{first}
size = 64 << 20
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    b"x" * size
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(sum(faults() for _ in range(10)) * resource.getpagesize() / size)
"""


def blocks_taken_anew(first: str) -> float:
    """Return how many of ten blocks a process takes from the system again, after some code."""
    command = [sys.executable, "-c", _PROGRAM.format(first=first)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])
