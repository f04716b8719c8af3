from __future__ import annotations

import pytest

from benchmarks.common.memory import in_own_process, peak_mib


def test_a_process_of_its_own_begins_with_little_and_returns_or_raises():
    held = bytearray(b"1") * (64 * 2**20)
    assert peak_mib() > 64
    assert in_own_process(peak_mib) < peak_mib()
    assert len(held) == 64 * 2**20
    with pytest.raises(ValueError, match="invalid literal"):
        in_own_process(int, "one")
