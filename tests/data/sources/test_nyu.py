from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from testing.prepared_sets import prepared, run

from dsdmsr.io.png import write_png


def make_labelled(path: Path, rng: np.random.Generator, scenes: list[str]) -> np.ndarray:
    """A MAT file of the form of NYU's labelled set: transposed maps, references to names."""
    metres = rng.uniform(0.7, 9, (len(scenes), 32, 24)).astype(np.float32)
    with h5py.File(path, "w") as file:
        file["depths"] = metres
        raw = metres.copy()
        raw[:, :4] = 0
        file["rawDepths"] = raw
        names = file.create_group("#refs#")
        references = []
        for k, scene in enumerate(scenes):
            codes = np.array([[ord(c)] for c in scene], dtype=np.uint16)
            references.append(names.create_dataset(str(k), data=codes).ref)
        kept = file.create_dataset("scenes", (1, len(scenes)), dtype=h5py.ref_dtype)
        kept[0] = references
    return metres


def test_nyu_labelled_is_read_right_side_up_and_split_by_room(tmp_path, rng):
    scenes = ["kitchen_0001a", "kitchen_0001b", "office_0002", "bedroom_0003", "study_0004"]
    source = tmp_path / "nyu_depth_v2_labeled.mat"
    metres = make_labelled(source, rng, scenes)
    for given, options in ((source, ()), (tmp_path, ("--raw",))):
        made = tmp_path / f"made{len(options)}"
        assert run("prepare", "nyu", given, made, "--workers", 1, *options) == 0
        maps = prepared(made)
        assert set(maps) == {f"{scene}/{k + 1:04d}" for k, scene in enumerate(scenes)}
        for k, scene in enumerate(scenes):
            about, values, valid = maps[f"{scene}/{k + 1:04d}"]
            assert (about["kind"], about["unit"], about["height"]) == ("depth", "m", 24)
            np.testing.assert_array_equal(values[valid], metres[k].T[valid])
            assert valid.all() == (not options)
            assert not options or not valid[:, :4].any()
        first, second = (maps[key][0] for key in ("kitchen_0001a/0001", "kitchen_0001b/0002"))
        assert first["scene"] == second["scene"] == "kitchen_0001"
        assert first["split"] == second["split"]


def test_a_mat_file_that_is_something_else_is_told(tmp_path, capsys):
    (tmp_path / "a.mat").write_bytes(b"MATLAB 5.0 MAT-file")
    assert run("prepare", "nyu", tmp_path, tmp_path / "made") == 2
    assert "is damaged, or not NYU's labelled set" in capsys.readouterr().err
    with h5py.File(tmp_path / "a.mat", "w") as file:
        file["images"] = np.zeros(3)
    assert run("prepare", "nyu", tmp_path / "a.mat", tmp_path / "made") == 2


def test_nyu_as_png_files_is_in_millimetres_and_split_by_room(tmp_path, rng):
    for room in ("kitchen_0001a", "kitchen_0001b", "office_0002", "study_0003"):
        (tmp_path / "nyu" / room).mkdir(parents=True)
        numbers = rng.integers(0, 9000, (24, 32), dtype=np.uint16)
        write_png(tmp_path / "nyu" / room / "sync_depth_00001.png", numbers)
    assert run("prepare", "nyu", tmp_path / "nyu", tmp_path / "made", "--workers", 1) == 0
    maps = prepared(tmp_path / "made")
    assert {about["scene"] for about, _, _ in maps.values()} == {
        "nyu/kitchen_0001",
        "nyu/office_0002",
        "nyu/study_0003",
    }
    assert all((about["unit"], about["quantum"]) == ("m", 1e-3) for about, _, _ in maps.values())


def test_the_labelled_set_is_found_among_other_files(tmp_path, rng):
    make_labelled(tmp_path / "nyu_depth_v2_labeled.mat", rng, ["a_0001", "b_0002"])
    (tmp_path / "._nyu_depth_v2_labeled.mat").write_bytes(b"")
    (tmp_path / "accelData.mat").write_bytes(b"")
    assert run("prepare", "nyu", tmp_path, tmp_path / "made", "--workers", 1) == 0
    assert len(prepared(tmp_path / "made")) == 2
