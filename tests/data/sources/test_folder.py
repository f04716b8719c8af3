from __future__ import annotations

import numpy as np
import pytest
from testing.dtu_trees import depth_with_holes
from testing.prepared_sets import prepared, run

from dsdmsr import DepthMap, write_depth
from dsdmsr.io.png import write_png


def test_a_folder_of_everything_keeps_values_holes_and_names(tmp_path, rng):
    source = tmp_path / "mine"
    truths = {}
    for k, suffix in enumerate((".png", ".npy", ".pfm", ".tiff", ".exr", ".h5", ".dpt", ".npz")):
        values = depth_with_holes(rng, (40, 30)) / 1000
        depth = DepthMap(values, values > 0, unit="m", encoding="mm")
        write_depth(source / f"scene{k % 4}" / f"same{suffix}", depth)
        truths[f"scene{k % 4}/same{suffix}"] = depth
    (source / ".hidden.png").write_bytes(b"")
    (source / "notes.txt").write_text("not a map")
    made = tmp_path / "made"
    assert run("prepare", "folder", source, made, "--encoding", "mm", "--workers", 1) == 0
    maps = prepared(made)
    assert len(maps) == len(truths)
    for about, values, valid in maps.values():
        truth = truths[about["origin"]]
        np.testing.assert_array_equal(valid, truth.valid)
        np.testing.assert_allclose(values, truth.values, atol=0.51e-3)
        assert about["key"] == about["origin"].replace(".", "_")
        assert about["unit"] == "m"
    assert {about["scene"] for about, _, _ in maps.values()} == {f"mine/scene{k}" for k in range(4)}


@pytest.mark.parametrize(
    ("options", "expected", "quantum"),
    [
        (("--units-per-value", "0.0002"), ("depth", "m", [False, True, True], 0.2), 2e-4),
        (
            ("--units-per-value", "0.015625", "--invalid", "none", "--kind", "disparity"),
            ("disparity", None, [True, True, True], 15.625),
            None,  # 65537 steps don't fit 16 bits beside 0 for holes
        ),
        (
            ("--invalid", "65535", "--kind", "inverse_depth", "--unit", "level"),
            ("inverse_depth", "level", [True, True, False], 1000.0),
            1.0,
        ),
        ((), ("depth", "m", [False, True, True], 1.0), 1e-3),
    ],
)
def test_numbers_mean_what_one_says(tmp_path, options, expected, quantum):
    (tmp_path / "mine").mkdir()
    write_png(tmp_path / "mine" / "a.png", np.array([[0, 1000, 65535]], dtype=np.uint16))
    made = tmp_path / "made"
    assert run("prepare", "folder", tmp_path / "mine", made, "--workers", 1, *options) == 0
    ((about, values, valid),) = prepared(made).values()
    kind, unit, usable, middle = expected
    assert (about["kind"], about["unit"], valid[0].tolist()) == (kind, unit, usable)
    assert values[0, 1] == pytest.approx(middle)
    assert about["quantum"] == (quantum and pytest.approx(quantum))


def test_each_file_is_a_scene_where_there_is_one_folder(tmp_path, rng):
    for k in range(20):
        values = rng.uniform(1, 2, (16, 16)).astype(np.float32)
        write_depth(tmp_path / "mine" / f"frame{k:02d}.npy", DepthMap(values))
    for name, options in (("a", ()), ("b", ("--scene", "folder")), ("c", ("--split", "test"))):
        folder = tmp_path / name
        assert run("prepare", "folder", tmp_path / "mine", folder, "--workers", 1, *options) == 0
    splits = {
        name: [about["split"] for about, _, _ in prepared(tmp_path / name).values()]
        for name in "abc"
    }
    assert [splits["a"].count(split) for split in ("train", "valid", "test")] == [16, 2, 2]
    assert set(splits["b"]) == {"train"}
    assert set(splits["c"]) == {"test"}


def test_links_are_followed_and_what_cannot_be_read_is_told(tmp_path, rng, capsys):
    source, elsewhere = tmp_path / "mine", tmp_path / "elsewhere"
    depth = DepthMap(rng.uniform(1, 2, (8, 8)), unit="m", encoding="metres")
    write_depth(source / "a" / "x.npy", depth)
    write_depth(elsewhere / "y.npy", depth)
    (source / "b").symlink_to(elsewhere)
    (source / "loop").symlink_to(source)
    (source / "a" / "gone.npy").symlink_to(tmp_path / "nowhere.npy")
    made = tmp_path / "made"
    assert run("prepare", "folder", source, made, "--workers", 1) == 1
    assert set(prepared(made)) == {"a/x", "b/y"}
    assert "a/gone.npy does not exist" in capsys.readouterr().err


def test_a_split_does_not_depend_on_how_the_folder_is_named(tmp_path, rng, monkeypatch):
    for k in range(5):
        write_depth(tmp_path / "mine" / f"{k}.npy", DepthMap(rng.uniform(1, 2, (8, 8))))
    monkeypatch.chdir(tmp_path / "mine")
    for name, source in (("a", "."), ("b", tmp_path / "mine"), ("c", "../mine")):
        assert run("prepare", "folder", source, tmp_path / name, "--workers", 1) == 0
    assert len({(tmp_path / name / "manifest.json").read_text() for name in "abc"}) == 1


def test_numbers_and_names_that_cannot_be_kept_are_told(tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    np.save(tmp_path / "mine" / "a.npy", np.array([[2**40, 2**40 + 1]]))
    np.save(tmp_path / "mine" / "b.npy", np.array([[2**24, 1]]))
    assert run("prepare", "folder", tmp_path / "mine", tmp_path / "made", "--workers", 1) == 1
    assert "beyond 2^24" in capsys.readouterr().err
    assert run("prepare", "folder", tmp_path / "mine", tmp_path / "x", "--encoding", "bogus") == 2
    (tmp_path / "mine" / "a\nb.npy").write_bytes(b"")
    assert run("prepare", "folder", tmp_path / "mine", tmp_path / "x") == 2
    error = capsys.readouterr().err.splitlines()
    assert "'bogus' is unknown" in error[0]
    assert "cannot be printed" in error[1]
    assert not (tmp_path / "x").exists()
