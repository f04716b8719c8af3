from __future__ import annotations

import pytest
from testing.prepared_sets import run

from dsdmsr.data.sources import SOURCES


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_each_source_has_a_command(name, capsys):
    assert run("prepare", name, "--help") == 0
    assert f"prepare {name}" in capsys.readouterr().out
