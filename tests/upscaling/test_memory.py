from __future__ import annotations

import sys

import pytest
from testing.memory import blocks_taken_anew


@pytest.mark.skipif(sys.platform != "linux", reason="the system's allocator is asked on Linux only")
@pytest.mark.parametrize(("call", "kept"), [("", False), ("dsdmsr.keep_memory()", True)])
def test_memory_that_is_given_back_is_kept_where_asked(call, kept):
    blocks = blocks_taken_anew(f"import dsdmsr\n{call}")
    assert (blocks < 1) if kept else (blocks > 9)
