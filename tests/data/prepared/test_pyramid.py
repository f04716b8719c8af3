from __future__ import annotations

import numpy as np
import pytest
import torch
from testing.dtu_trees import depth_with_holes, make_dtu
from testing.prepared_sets import BOTH, SHARDS, rows, run

from dsdmsr import read_depth
from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.prepared.pyramid import LEVELS, levels_of
from dsdmsr.data.sources.dtu import dtu
from dsdmsr.degradation.degrade import degrade
from dsdmsr.io.pfm import write_pfm


@pytest.mark.parametrize("whole", [True, False])
def test_levels_are_the_masked_area(rng, whole):
    depth = depth_with_holes(rng, (256, 320))
    numbers = np.floor(depth * 50 + 0.5).astype(np.uint16)
    if not whole:
        numbers = np.where(depth > 0, depth, np.float32("nan"))
    valid = depth > 0
    levels = levels_of(numbers)
    assert [level.shape for level in levels] == [(256, 320), (128, 160), (64, 80)]
    for k, level in enumerate(levels[1:], start=1):
        given = torch.from_numpy(np.where(valid, numbers, 0).astype(np.float64))[None, None]
        area, some = degrade(given, 2**k, "area", torch.from_numpy(valid)[None, None])
        made = level != 0 if whole else np.isfinite(level)
        np.testing.assert_array_equal(made, some[0, 0])
        expected = area[0, 0].numpy()[made]
        if whole:
            expected = np.floor(expected + 0.5)
        np.testing.assert_allclose(level[made], expected, rtol=1e-6)


def test_real_size_gets_the_five_levels(tmp_path):
    tree = make_dtu(tmp_path / "dtu", {"scan9": 1}, (1200, 1600))
    assert run("prepare", "dtu", tree, tmp_path / "made", "--pyramid", "--workers", 1) == 0
    (row,) = rows(tmp_path / "made" / "test.csv")
    for height, width in LEVELS:
        path = row[f"image_{width}x{height}_path"]
        assert path == f"{height}x{width}/scan9/depth_map_0000.png"
        assert read_depth(tmp_path / "made" / path, "dtu16").shape == (height, width)
    truth = read_depth(tree / "Depths_raw/scan9/depth_map_0000.pfm", "dtu")
    largest = read_depth(tmp_path / "made" / row["image_1280x1024_path"], "dtu16")
    crop = truth.values[88 : 88 + 1024, 160 : 160 + 1280]
    np.testing.assert_allclose(largest.values, crop, atol=1.01e-5)


def test_the_dtu_sample_goes_through(data_dir, tmp_path):
    made = tmp_path / "made"
    assert run("prepare", "dtu", data_dir / "dtu", made, "--pyramid", "--shards") == 0
    (row,) = rows(made / "train.csv")
    truth = read_depth(data_dir / "dtu" / "depth_map_0000.pfm", "dtu")
    assert truth.valid.mean() == pytest.approx(0.68, abs=0.01)
    for factor, column in ((1, "image_160x128_path"), (2, "image_80x64_path")):
        level = read_depth(made / row[column], "dtu16")
        for i, j in np.ndindex(level.shape):
            block = (slice(factor * i, factor * (i + 1)), slice(factor * j, factor * (j + 1)))
            came_from = truth.values[block][truth.valid[block]]
            assert level.valid[i, j] == (came_from.size > 0)
            if came_from.size:
                half = 1.01e-5
                assert came_from.min() - half <= level.values[i, j] <= came_from.max() + half


def test_a_level_never_needs_an_offset(tmp_path, rng):
    folder = tmp_path / "dtu" / "scan2"
    folder.mkdir(parents=True)
    deep = rng.uniform(500, 1500, (64, 80)).astype(np.float32)
    write_pfm(folder / "depth_map_0000.pfm", deep)
    prepare(dtu(tmp_path / "dtu"), tmp_path / "pyramid", BOTH, workers=0)
    (row,) = rows(tmp_path / "pyramid" / "train.csv")
    assert row["image_80x64_path"].endswith(".npy")
    level = read_depth(tmp_path / "pyramid" / row["image_80x64_path"], "metres")
    np.testing.assert_allclose(level.values, deep / 1000, rtol=1e-6)
    prepare(dtu(tmp_path / "dtu"), tmp_path / "shards", SHARDS, workers=0)
    (row,) = rows(tmp_path / "shards" / "train.csv")
    assert float(row["quantum"]) == 2e-5
    assert float(row["offset"]) > 0.4
