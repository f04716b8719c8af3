from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from testing.dtu_trees import depth_with_holes
from testing.prepared_sets import prepared, run

from dsdmsr.data.sources.middlebury import TEST_SCENES, scene_of
from dsdmsr.io.pfm import write_pfm
from dsdmsr.io.pgm import write_pgm
from dsdmsr.io.png import write_png

CALIB = """cam0=[3997.684 0 1176.728; 0 3997.684 1011.728; 0 0 1]
cam1=[3997.684 0 1307.839; 0 3997.684 1011.728; 0 0 1]
doffs=131.111
baseline=193.001
width=2964
height=1988
ndisp=280
"""


@pytest.mark.parametrize(
    ("path", "scene"),
    [
        ("2006/ThirdSize/Aloe/disp1.png", "aloe"),
        ("2014/Adirondack-perfect/disp0.pfm", "adirondack"),
        ("2014/Adirondack-imperfect/disp1.pfm", "adirondack"),
        ("trainingH/Piano/disp0GT.pfm", "piano"),
        ("2003/conesQ/disp6.png", "cones"),
        ("eval/full/art.png", "art"),
        ("train/2001/barn1_disp2.png", "barn1"),
        ("tsukuba_truedisp.png", "tsukuba"),
        ("2001/tsukuba/truedisp.row3.col3.pgm", "tsukuba"),
        ("2001/sawtooth/disp2.pgm", "sawtooth"),
        ("trainingQ/ArtL/disp0GT.pfm", "art"),
        ("trainingQ/PlaytableP/disp0GT.pfm", "playtable"),
    ],
)
def test_a_scene_has_one_name(path, scene):
    assert scene_of(Path(path)) == scene


@pytest.fixture
def middlebury_tree(tmp_path, rng) -> Path:
    root = tmp_path / "middlebury"
    for scene in ("Aloe", "Art", "Baby1", "Wood1", "Rocks1"):
        folder = root / "2006" / scene
        folder.mkdir(parents=True)
        for view in (1, 5):
            numbers = rng.integers(0, 200, (20, 30), dtype=np.uint8)
            write_png(folder / f"disp{view}.png", numbers)
            write_png(folder / f"view{view}.png", numbers)
        (folder / "dmin.txt").write_text("270")
    for scene, calib in (("Pipes-perfect", CALIB), ("Vintage-perfect", None)):
        folder = root / "2014" / scene
        folder.mkdir(parents=True)
        disparity = 40 + depth_with_holes(rng, (24, 32)) / 10
        disparity[0, :5] = np.inf
        for name in ("disp0", "disp0y", "disp0-sd"):
            write_pfm(folder / f"{name}.pfm", disparity)
        if calib:
            (folder / "calib.txt").write_text(calib)
    return root


def test_middlebury_of_2001_comes_as_pgm(tmp_path, rng):
    numbers = rng.integers(0, 200, (20, 30), dtype=np.uint8)
    for scene, names in {
        "sawtooth": ("disp2", "disp6", "im0"),
        "tsukuba": ("truedisp.row3.col3", "scene1.row3.col1"),
    }.items():
        (tmp_path / "2001" / scene).mkdir(parents=True)
        for name in names:
            write_pgm(tmp_path / "2001" / scene / f"{name}.pgm", numbers)
    source, made = tmp_path / "2001", tmp_path / "made"
    assert run("prepare", "middlebury", source, made, "--workers", 1) == 0
    maps = prepared(made)
    assert {about["scene"]: about["key"] for about, _, _ in maps.values()} == {
        "sawtooth": "sawtooth/disp6",
        "tsukuba": "tsukuba/truedisp.row3.col3",
    }
    assert len(maps) == 3
    for about, values, valid in maps.values():
        assert about["unit"] == "level"
        np.testing.assert_array_equal(values, numbers)
        np.testing.assert_array_equal(valid, numbers > 0)


def test_middlebury_keeps_disparity_and_its_test_scenes(middlebury_tree, tmp_path):
    made = tmp_path / "made"
    assert run("prepare", "middlebury", middlebury_tree, made, "--workers", 1) == 0
    maps = prepared(made)
    assert set(maps) == {
        *(f"2006/{s}/disp{v}" for s in ("Aloe", "Art", "Baby1", "Wood1", "Rocks1") for v in (1, 5)),
        "2014/Pipes-perfect/disp0",
        "2014/Vintage-perfect/disp0",
    }
    splits: dict[str, set[str]] = {}
    for about, values, valid in maps.values():
        splits.setdefault(about["scene"], set()).add(about["split"])
        assert about["kind"] == "disparity"
        if about["key"].startswith("2006"):
            assert (about["unit"], about["quantum"], about["offset"]) == ("level", 1.0, 0.0)
            assert not valid.all()
            assert (values == np.round(values)).all()
        else:
            assert (about["unit"], about["quantum"]) == ("px", None)
            assert not valid[0, :5].any()
            assert valid[0, 5:].all()
    assert all(len(found) == 1 for found in splits.values())
    assert splits["art"] == {"test"}
    all_in_one = tmp_path / "all in one"
    assert run("prepare", "middlebury", middlebury_tree, all_in_one, "--split", "train") == 0
    for about, _, _ in prepared(all_in_one).values():
        assert about["split"] == ("test" if about["scene"] == "art" else "train")
    assert set.union(*splits.values()) == {"train", "valid", "test"}
    assert len(TEST_SCENES) == 10


def test_middlebury_becomes_depth_where_there_is_a_calibration(middlebury_tree, tmp_path, capsys):
    made = tmp_path / "made"
    source = middlebury_tree / "2014"
    assert run("prepare", "middlebury", source, made, "--as-depth", "--workers", 1) == 1
    assert "Vintage-perfect/calib.txt is missing" in capsys.readouterr().err
    ((about, metres, valid),) = prepared(made).values()
    assert (about["kind"], about["unit"]) == ("depth", "m")
    disparity = np.array([40.0, 120.0])  # what the holes and the background hold, about
    expected = 0.193001 * 3997.684 / (disparity + 131.111)
    assert metres[valid].max() == pytest.approx(expected[0], rel=1e-5)
    assert metres[valid].min() < expected[1] * 1.1
