from __future__ import annotations

from pathlib import Path

import pytest
from testing.prepared_sets import numbered, pyramid_of_scans, shards_of


@pytest.fixture
def maps(tmp_path) -> Path:
    return numbered(tmp_path / "maps", 12)


@pytest.fixture
def shards(maps, tmp_path) -> Path:
    return shards_of(maps, tmp_path / "shards")


@pytest.fixture
def pyramid(tmp_path) -> Path:
    return pyramid_of_scans(tmp_path)
