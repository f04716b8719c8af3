from __future__ import annotations

from benchmarks.common.dtu_like import make_tree
from dsdmsr import read_depth


def test_trees_are_like_dtu(tmp_path):
    tree = make_tree(tmp_path / "tree", 1, 2, (96, 128))
    depth = read_depth(tree / "Depths_raw" / "scan1" / "depth_map_0001.pfm", "dtu")
    assert 0.02 < 1 - depth.valid.mean() < 0.6
    assert 0.42 < depth.values[depth.valid].min() < depth.values.max() < 0.94
