from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource
import dsdmsr
{call}
size = 64 << 20
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    b"x" * size
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(sum(faults() for _ in range(10)) * resource.getpagesize() / size)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the system's allocator is asked on Linux only")
@pytest.mark.parametrize(("call", "kept"), [("", False), ("dsdmsr.keep_memory()", True)])
def test_memory_that_is_given_back_is_kept_where_asked(call, kept):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(call=call)],
        capture_output=True,
        text=True,
        check=True,
    )
    blocks_taken_anew = float(done.stdout)
    assert (blocks_taken_anew < 1) if kept else (blocks_taken_anew > 9)
