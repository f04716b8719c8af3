from __future__ import annotations

import pytest

from dsdmsr.data.prepared.splits import DTU_SPLIT, Splitting
from dsdmsr.errors import ConfigError


def test_the_split_is_mvsnets():
    everything = [f"scan{k}" for k in range(1, 129) if k not in (78, 79, 80, 81)]
    assigned = Splitting(known=DTU_SPLIT, rest="train").assign(everything)
    unused = {f"scan{k}" for k in (25, 26, 27, 54, 73)}
    counts = [
        sum(split == other for scan, other in assigned.items() if scan not in unused)
        for split in ("train", "valid", "test")
    ]
    assert counts == [79, 18, 22]


def test_splits_are_sampled_by_scene_and_seed():
    scenes = [f"room_{k}" for k in range(40)]
    first, again = Splitting().assign(scenes), Splitting().assign(reversed(scenes))
    assert first == again
    assert sorted(first.values()).count("valid") == sorted(first.values()).count("test") == 4
    assert Splitting(seed=1).assign(scenes) != first
    assert set(Splitting().assign(["a", "b", "c"]).values()) == {"train", "valid", "test"}
    assert set(Splitting().assign(["a", "b"]).values()) == {"train"}
    assert set(Splitting(rest="test").assign(scenes).values()) == {"test"}
    with pytest.raises(ConfigError, match="leave some scenes to train on"):
        Splitting(valid=0.5, test=0.5)
