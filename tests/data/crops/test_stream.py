from __future__ import annotations

import sys
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from testing.prepared_sets import shards_of, which
from torch.utils.data import DataLoader, IterableDataset

from dsdmsr.data.crops import Shards
from dsdmsr.data.ranks import Rank
from dsdmsr.errors import DataError, DependencyError


class Keys(IterableDataset):
    """The keys of an epoch's maps, one by one, in a process of their own."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count

    def __iter__(self):
        stream = Shards(self.folder)._maps(0)
        for stored in islice(stream, self.count):
            yield int(np.nanmax(stored.numbers) // 10) - 1


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize(("maps_per_shard", "workers"), [(2, 2), (2, 3), (100, 3), (100, 0)])
def test_each_map_comes_once_an_epoch_whatever_the_processes(
    maps, tmp_path, maps_per_shard, workers
):
    folder = shards_of(maps, tmp_path / "shards", maps_per_shard)
    loader = DataLoader(Keys(folder, 12 // max(1, workers)), batch_size=None, num_workers=workers)
    first = list(loader)
    assert sorted(first) == list(range(12))
    assert first != sorted(first)


def test_later_epochs_come_in_another_order(shards):
    stream = Shards(shards)._maps(0)
    epochs = [[int(next(stream).numbers.max()) // 10 for _ in range(12)] for _ in range(3)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(1, 13))] * 3
    assert epochs[0] != epochs[1] != epochs[2]


def test_nodes_share_the_maps_out(shards):
    found = []
    for rank in (0, 1):
        stream = Shards(shards, rank=Rank(rank, 2))._maps(0)
        found += [int(next(stream).numbers.max()) // 10 - 1 for _ in range(6)]
    assert sorted(found) == list(range(12))


def test_all_maps_of_the_shards_are_used(shards):
    source = Shards(shards)
    seen = Counter(
        k for n in range(30) for k in which(source.crops(0, range(n, n + 8), 48).hr_depth)
    )
    assert set(seen) == set(range(12))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b"\x93NUMPY", b"\x93NOMPY", "sample 0000.* is damaged"),
        (b'"split": "train"', b'"split": "valid"', "is of the valid split, not train"),
        (b'"kind": "disparity"', b'"kind": "intensity"', "of kind 'intensity'"),
        (b'"height": 96', b'"height": 69', "it has \\(96, 128\\) pixels"),
        (b'"offset": 0.0', b'"offset": nil', "is damaged"),
        (b'"json"', b"", None),
    ],
)
def test_samples_that_are_not_what_they_should_be_are_told(shards, old, new, told):
    first = min(shards.glob("*.tar"))
    body = first.read_bytes()
    if told is None:
        first.write_bytes(b"\xff" * len(body))
        told = "train-00000.tar is damaged"
    else:
        assert old in body
        first.write_bytes(body.replace(old, new))
    with pytest.raises(DataError, match=told):
        Shards(shards).crops(0, range(40), 16)


def test_a_shard_that_is_cut_off_or_gone_is_told(shards):
    first = min(shards.glob("*.tar"))
    first.write_bytes(first.read_bytes()[:-512])
    with pytest.raises(DataError, match=r"train-00000.tar is missing or cut off"):
        Shards(shards)
    first.unlink()
    with pytest.raises(DataError, match=r"train-00000.tar is missing or cut off"):
        Shards(shards)


def test_a_missing_webdataset_is_told(shards, monkeypatch):
    monkeypatch.setitem(sys.modules, "webdataset", None)
    with pytest.raises(
        DependencyError,
        match=r"webdataset.*pip install .*\[prepare\]'",
    ):
        Shards(shards)
