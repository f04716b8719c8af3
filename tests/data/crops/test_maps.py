from __future__ import annotations

import pytest
from testing.prepared_sets import numbered, source_of

from dsdmsr.data.crops import Folder, Pyramid
from dsdmsr.errors import DataError


def test_crops_come_from_where_enough_is_valid(tmp_path):
    source = Folder(source_of(numbered(tmp_path, 3, (200, 64), holes=0.6)))
    shares = source.crops(0, range(40), 64).valid.float().mean((1, 2, 3))
    # A window drawn at random would be half valid at least in 20 % of the cases.
    assert (shares >= 0.5).float().mean() > 0.6
    assert (shares > 0).all()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("2e-05", "2e-05mm", "is not what the index says"),
        ("2e-05", "-1.0", "is no map"),
        ("depth,m", "color,m", "is no map"),
        ("\n", "\n\xff", "cannot be read"),
        (",offset", ",shift", "is no index"),
        (",,,\n", "\n", "is cut off in line"),
    ],
)
def test_an_index_that_is_damaged_is_told(pyramid, old, new, told):
    path = pyramid / "train.csv"
    assert old in path.read_text()
    path.write_bytes(path.read_text().replace(old, new).encode("latin-1"))
    with pytest.raises(DataError, match=told):
        Pyramid(pyramid).crops(0, range(4), 16)
