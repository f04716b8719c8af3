from __future__ import annotations

from pathlib import Path

import pytest
from testing.dtu_trees import make_dtu


@pytest.fixture
def dtu_tree(tmp_path: Path) -> Path:
    scans = {"scan1": 2, "scan2": 3, "scan3": 2, "scan26": 1, "scan10": 1, "scan6": 2}
    return make_dtu(tmp_path / "dtu", scans)
