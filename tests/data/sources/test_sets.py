from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from testing.dtu_trees import depth_with_holes

from dsdmsr import DepthMap, write_depth
from dsdmsr.app.cli import main
from dsdmsr.data.prepared.storage import restore
from dsdmsr.data.sources.middlebury import TEST_SCENES, scene_of
from dsdmsr.errors import FileError
from dsdmsr.io.calib import read_calib
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


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def prepared(folder: Path) -> dict[str, tuple[dict, np.ndarray, np.ndarray]]:
    """Key → what is said of the map, its values, and what is valid; from the shards."""
    found = {}
    for path in folder.glob("*.tar"):
        with tarfile.open(path) as tar:
            bodies = {member.name: tar.extractfile(member).read() for member in tar}
        for name in bodies:
            if not name.endswith(".json"):
                continue
            about = json.loads(bodies[name])
            stem = name.removesuffix(".json")
            if about["quantum"] is None:
                numbers = np.load(io.BytesIO(bodies[f"{stem}.npy"]))
            else:
                from PIL import Image

                numbers = np.asarray(Image.open(io.BytesIO(bodies[f"{stem}.png"])), np.uint16)
            values, valid = restore(numbers, about["quantum"], about["offset"])
            assert path.name == about["shard"]
            assert path.name.startswith(about["split"])
            assert about["key"] not in found
            found[about["key"]] = (about, values, valid)
    return found


# Middlebury


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


def test_calibrations_that_are_not_whole_are_told(tmp_path):
    (tmp_path / "calib.txt").write_text(CALIB)
    camera, stereo = read_calib(tmp_path / "calib.txt")
    assert (camera.fx, camera.cx, camera.cy) == (3997.684, 1176.728, 1011.728)
    assert (stereo.focal, stereo.baseline, stereo.doffs) == (3997.684, 0.193001, 131.111)
    for line in ("cam0", "doffs", "baseline"):
        (tmp_path / "calib.txt").write_text(CALIB.replace(line, f"no{line}"))
        with pytest.raises(FileError, match="lacks one of"):
            read_calib(tmp_path / "calib.txt")
    (tmp_path / "calib.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(FileError, match="cannot be read"):
        read_calib(tmp_path / "calib.txt")


# NYU


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


# Folders


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


def test_rendered_scenes_are_metres_and_the_same_again(tmp_path):
    size = ("--height", 48, "--width", 64)
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        options = ("--count", 3, "--seed", seed, *size, "--workers", 1)
        assert run("prepare", "synthetic", tmp_path / name, *options) == 0
    first = prepared(tmp_path / "a")
    assert set(first) == {"000000", "000001", "000002"}
    for about, values, valid in first.values():
        assert (about["unit"], about["quantum"], values.shape) == ("m", 1e-4, (48, 64))
        assert valid.all()
        assert values.min() == pytest.approx(0.6, abs=1e-4)
        assert values.max() == pytest.approx(4.0, abs=1e-4)
    tars = [{p.name: p.read_bytes() for p in (tmp_path / n).glob("*.tar")} for n in "abc"]
    assert tars[0] == tars[1] != tars[2]


# What there is to train on and to measure with, each set in one command


PIXELS = ("--kind", "disparity", "--unit", "px", "--invalid", "none")


@pytest.mark.parametrize(
    ("command", "count"),
    [
        (("dtu", "dtu"), 1),
        (("middlebury", "middlebury"), 115),
        (("nyu", "nyu"), 5),
        (
            ("folder", "sintel", "--units-per-value", "0.015625", *PIXELS),
            53,
        ),
        (("folder", "flyingthings", "--kind", "disparity", "--unit", "px"), 2),
        (
            ("folder", "hci_lightfield", *PIXELS),
            1,
        ),
        (("folder", "icl_nuim"), 17),
        (("folder", "rendered", "--invalid", "65535"), 2),
        (
            (
                "folder",
                "lu_rgbd",
                "--kind",
                "inverse_depth",
                "--invalid",
                "none",
                "--split",
                "test",
            ),
            6,
        ),
        (("folder", "phone_lidar", "--encoding", "mm"), 1),
    ],
)
def test_real_sets_load_whole(data_dir, tmp_path, command, count):
    kind, source, *options = command
    made = tmp_path / "made"
    assert run("prepare", kind, data_dir / source, made, *options) == 0
    manifest = json.loads((made / "manifest.json").read_text())
    depth_files = [
        path
        for path in (data_dir / source).rglob("*")
        if path.suffix in (".png", ".npz", ".pfm", ".npy")
    ]
    assert len(manifest["maps"]) == len(depth_files) == count
    assert not any("failed" in entry for entry in manifest["maps"])
    assert sum(shard["maps"] for shard in manifest["shards"]) == count
    if source == "middlebury":
        tested = {m["scene"] for m in manifest["maps"] if m["split"] == "test"}
        assert set(TEST_SCENES) == tested & set(TEST_SCENES)
        for entry in manifest["maps"]:
            if entry["origin"].startswith("eval/"):
                assert entry["split"] == "test"


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


def test_the_labelled_set_is_found_among_other_files(tmp_path, rng):
    make_labelled(tmp_path / "nyu_depth_v2_labeled.mat", rng, ["a_0001", "b_0002"])
    (tmp_path / "._nyu_depth_v2_labeled.mat").write_bytes(b"")
    (tmp_path / "accelData.mat").write_bytes(b"")
    assert run("prepare", "nyu", tmp_path, tmp_path / "made", "--workers", 1) == 0
    assert len(prepared(tmp_path / "made")) == 2
