from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from testing.dtu_trees import content, depth_with_holes, make_dtu

from dsdmsr import read_depth
from dsdmsr.app.cli import main
from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.prepared.pyramid import LEVELS, levels_of
from dsdmsr.data.prepared.splits import DTU_SPLIT, Splitting
from dsdmsr.data.prepared.storage import restore, store
from dsdmsr.data.sources.dtu import dtu
from dsdmsr.degradation.degrade import degrade
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import ConfigError, DataError, FileError
from dsdmsr.io.pfm import write_pfm
from dsdmsr.io.png import pack_png, read_png

BOTH = Forms(pyramid=True, shards=True)
PYRAMID = Forms(pyramid=True, shards=False)
SHARDS = Forms(pyramid=False, shards=True)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.fixture
def dtu_tree(tmp_path: Path) -> Path:
    scans = {"scan1": 2, "scan2": 3, "scan3": 2, "scan26": 1, "scan10": 1, "scan6": 2}
    return make_dtu(tmp_path / "dtu", scans)


# Storage


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(1, 1), (3, 5), (64, 33)])
def test_packed_pngs_are_what_pillow_reads(tmp_path, rng, dtype, size):
    numbers = rng.integers(0, np.iinfo(dtype).max + 1, size, dtype=dtype)
    (tmp_path / "a.png").write_bytes(pack_png(numbers))
    back = read_png(tmp_path / "a.png")
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, numbers)


@pytest.mark.parametrize(
    ("values", "quantum", "offset"),
    [
        ([[0.5, 0.93500], [0.6, 0]], 2e-5, 0.0),  # DTU
        ([[0.0, 3.0], [65534.0, 7.0]], 1.0, -1.0),  # 0 is a value, and still fits
        ([[-3.5, 2.0], [0.0, 1.0]], 0.25, -3.75),
        ([[0.0, 3.0], [65536.0, 7.0]], 1.0, None),  # doesn't fit: float
        ([[0.1, 1e9], [2.0, 3.0]], 1e-3, None),
        ([[0.1, 0.2], [0.3, 0.4]], None, None),
    ],
)
def test_stored_maps_come_back_within_half_a_step(values, quantum, offset):
    depth = DepthMap(values, np.array([[True, True], [True, False]]), kind="disparity")
    stored = store(depth, quantum)
    assert (stored.quantum, stored.numbers.dtype) == (
        (None, np.float32) if offset is None else (quantum, np.uint16)
    )
    if offset is not None:
        assert stored.offset == pytest.approx(offset)
    back, valid = restore(stored.numbers, stored.quantum, stored.offset)
    np.testing.assert_array_equal(valid, depth.valid)
    tolerance = 1e-7 if offset is None else quantum / 2
    np.testing.assert_allclose(back[valid], depth.values[valid], atol=tolerance * 1.01)


@pytest.mark.parametrize("end", [0.5, 65535.5])
def test_no_valid_pixel_is_lost_at_the_ends_of_the_range(end):
    """The float32 numbers beside half a step, where rounding is decided by the last digit."""
    for quantum in (2e-5, *np.random.default_rng(0).uniform(1e-5, 1, 200)):
        value = np.float32(end * quantum)
        for direction in (0, 1e6, 0, 0):
            depth = DepthMap([[value, 100 * quantum, 9]], np.array([[True, True, False]]))
            stored = store(depth, quantum)
            back, valid = restore(stored.numbers, stored.quantum, stored.offset)
            np.testing.assert_array_equal(valid, depth.valid)
            np.testing.assert_allclose(back[valid], depth.values[valid], atol=0.51 * quantum)
            value = np.nextafter(value, np.float32(direction))


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


# DTU


def test_dtu_becomes_a_pyramid_and_shards(dtu_tree, tmp_path):
    made = tmp_path / "made"
    assert run("prepare", "dtu", dtu_tree, made, "--pyramid", "--shards", "--workers", 1) == 0
    manifest = json.loads((made / "manifest.json").read_text())
    assert manifest["set"] == "dtu"
    assert manifest["tool"].startswith("dsdmsr ")
    assert manifest["splits"]["train"] == {"maps": 5, "scenes": 2}
    assert manifest["splits"]["valid"] == {"maps": 2, "scenes": 1}
    assert manifest["splits"]["test"] == {"maps": 3, "scenes": 2}
    maps = {entry["key"]: entry for entry in manifest["maps"]}
    assert len(maps) == 10
    assert not any(key.startswith("scan26") for key in maps)  # MVSNet's split leaves it out
    for split, scans in {"train": {"scan2", "scan6"}, "valid": {"scan3"}}.items():
        assert {row["scene"] for row in rows(made / f"{split}.csv")} == scans
    for split in ("train", "valid", "test"):
        for row in rows(made / f"{split}.csv"):
            entry = maps[row["key"]]
            source = dtu_tree / entry["origin"]
            truth = read_depth(source, "dtu")
            assert (entry["kind"], entry["unit"], entry["quantum"]) == ("depth", "m", 2e-5)
            assert entry["valid_share"] == pytest.approx(truth.valid.mean(), abs=1e-6)
            assert entry["minimum"] == truth.values[truth.valid].min()
            assert entry["maximum"] == truth.values.max()
            assert (entry["height"], entry["width"]) == truth.shape == (140, 170)
            # The levels that fit: the middle 128×160, and half of it.
            assert [row[f"image_{w}x{h}_path"] != "" for h, w in LEVELS] == [False] * 3 + [True] * 2
            level = read_depth(made / row["image_160x128_path"], "dtu16")
            middle = (slice(6, 134), slice(5, 165))
            assert entry["window"] == [6, 5, 128, 160]
            np.testing.assert_array_equal(level.valid, truth.valid[middle])
            np.testing.assert_allclose(level.values, truth.values[middle], atol=1.01e-5)
            stored = (made / row["image_80x64_path"]).read_bytes()
            assert entry["levels"]["64x80"]["sha256"] == hashlib.sha256(stored).hexdigest()
            with tarfile.open(made / row["shard_path"]) as tar:
                members = {member.name: member for member in tar.getmembers()}
                assert all(member.mtime == 0 for member in members.values())
                name = f"{entry['index']:08d}"
                body = tar.extractfile(members[f"{name}.png"]).read()
                about = json.loads(tar.extractfile(members[f"{name}.json"]).read())
            assert about["key"] == row["key"]
            assert about["sha256"] == entry["sha256"] == hashlib.sha256(body).hexdigest()
            (tmp_path / "whole.png").write_bytes(body)
            whole = read_depth(tmp_path / "whole.png", "dtu16")
            np.testing.assert_array_equal(whole.valid, truth.valid)
            np.testing.assert_allclose(whole.values, truth.values, atol=1.01e-5)
    for shard in manifest["shards"]:
        body = (made / shard["name"]).read_bytes()
        assert shard["sha256"] == hashlib.sha256(body).hexdigest()
        assert shard["bytes"] == len(body)


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


@pytest.mark.parametrize("layout", ["Depths_raw/scan{}", "Depths/scan{}_train", "scan{}"])
def test_layouts_in_use_are_found(tmp_path, rng, layout):
    for scan in (2, 11):
        folder = tmp_path / "dtu" / layout.format(scan)
        folder.mkdir(parents=True)
        write_pfm(folder / "depth_map_0007.pfm", depth_with_holes(rng, (64, 80)))
    (tmp_path / "dtu" / ".DS_Store").write_bytes(b"\0")
    frames = dtu(tmp_path / "dtu").frames
    assert [(f.key, f.scene) for f in frames] == [
        ("scan2/depth_map_0007", "scan2"),
        ("scan11/depth_map_0007", "scan11"),
    ]


def test_two_folders_of_one_scan_are_an_error(tmp_path, capsys):
    make_dtu(tmp_path, {"scan1": 1, "scan1_train": 1})
    assert run("prepare", "dtu", tmp_path, tmp_path / "made") == 2
    assert "are both scan1" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_the_split_is_mvsnets():
    everything = [f"scan{k}" for k in range(1, 129) if k not in (78, 79, 80, 81)]
    assigned = Splitting(known=DTU_SPLIT, rest="train").assign(everything)
    unused = {f"scan{k}" for k in (25, 26, 27, 54, 73)}
    counts = [
        sum(split == other for scan, other in assigned.items() if scan not in unused)
        for split in ("train", "valid", "test")
    ]
    assert counts == [79, 18, 22]


def test_damaged_files_are_listed_and_all_else_is_there(dtu_tree, tmp_path, capsys):
    scan = dtu_tree / "Depths_raw" / "scan2"
    whole = (scan / "depth_map_0001.pfm").read_bytes()
    (scan / "depth_map_0000.pfm").write_bytes(b"")
    (scan / "depth_map_0001.pfm").write_bytes(whole[:-100])
    write_pfm(scan / "depth_map_0002.pfm", np.ones((50, 60), np.float32))
    write_pfm(scan / "depth_map_0003.pfm", np.zeros((140, 170), np.float32))
    (scan / ".DS_Store").write_bytes(b"\0")
    made = tmp_path / "made"
    options = ("--pyramid", "--shards", "--workers", 2)
    assert run("prepare", "dtu", dtu_tree, made, *options) == 1
    told = capsys.readouterr().err
    assert "depth_map_0000.pfm has no PFM header" in told
    assert "depth_map_0001.pfm promises 170×140 pixels" in told
    assert "depth_map_0002.pfm: the map is 50×60: a pyramid needs 64×80 or more" in told
    assert "mend them and go on with --resume" in told
    assert {row["key"] for row in rows(made / "train.csv")} == {
        "scan2/depth_map_0003",
        "scan6/depth_map_0000",
        "scan6/depth_map_0001",
    }
    empty = next(row for row in rows(made / "train.csv") if row["valid_share"] == "0.0")
    assert empty["minimum"] == empty["maximum"] == ""
    assert json.loads((made / "manifest.json").read_text())["failed"] == 3
    # Mended, and gone on with, it is what it would have been from the start.
    for view in range(3):
        (scan / f"depth_map_000{view}.pfm").write_bytes(whole)
    assert run("prepare", "dtu", dtu_tree, made, *options, "--resume") == 0
    assert run("prepare", "dtu", dtu_tree, tmp_path / "at once", *options) == 0
    assert content(made) == content(tmp_path / "at once")


def test_bytes_depend_neither_on_workers_nor_on_time(dtu_tree, tmp_path):
    for name, workers in (("a", 0), ("b", 3)):
        prepare(dtu(dtu_tree), tmp_path / name, BOTH, workers=workers, shard_bytes=20_000)
        for path in dtu_tree.rglob("*.pfm"):
            os.utime(path, (1, 1))
    first = content(tmp_path / "a")
    assert sum(name.endswith(".tar") for name in first) > 3
    assert first == content(tmp_path / "b")


# Once so many maps are done, it waits until its input ends.
CODE = """
import select
import signal
import sys
from pathlib import Path
from dsdmsr.data.sources.dtu import dtu
from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepare.run import prepare

if __name__ == "__main__":
    # What began in the background may have been told to ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    source, made, shards, workers, stop = sys.argv[1:]
    forms = Forms(pyramid=True, shards=shards == "shards")
    def advance(done, total):
        print(done, flush=True)
        # Not in one long read: a signal just before it would be heeded after it alone.
        while done >= int(stop) and not select.select([sys.stdin], [], [], 0.05)[0]:
            pass
    prepare(dtu(Path(source)), Path(made), forms, workers=int(workers), resume=True,
            shard_bytes=20_000, advance=advance)
"""


@pytest.mark.parametrize(("forms", "workers"), [("shards", 2), ("pyramid", 0), ("pyramid", 2)])
def test_killed_at_any_moment_and_resumed_it_ends_with_the_same_bytes(tmp_path, forms, workers):
    tree = make_dtu(tmp_path / "dtu", {f"scan{k}": 5 for k in (1, 2, 3, 6)})
    (tmp_path / "prepare.py").write_text(CODE)
    made, whole = tmp_path / "made", tmp_path / "whole"
    command = [sys.executable, tmp_path / "prepare.py", tree]
    asked = Forms(pyramid=True, shards=forms == "shards")
    prepare(dtu(tree), whole, asked, workers=0, shard_bytes=20_000)
    progress = []
    for kills in (1, 6, 11):
        with subprocess.Popen(
            [*command, made, forms, str(workers), str(kills)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            begun = int(process.stdout.readline())
            progress.append(begun)
            reached = begun
            while reached < kills:
                reached = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            process.wait()
        # Nothing that was done is done again, but for what was under way.
        assert begun >= (progress[-2] if len(progress) > 1 else 0)
    assert not (made / "manifest.json").exists()
    time.sleep(1)  # the killed run's workers end
    command += [made, forms, str(workers), "100"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first = int(done.stdout.split()[0])
    shards = json.loads((made / "manifest.json").read_text())["shards"]
    most = max((shard["maps"] for shard in shards), default=1)
    assert first >= 11 - most * max(1, workers) - 1
    assert content(made) == content(whole)


def test_a_killed_run_leaves_no_process_behind(tmp_path):
    tree = make_dtu(tmp_path / "dtu", {f"scan{k}": 5 for k in (1, 2, 3, 6)})
    (tmp_path / "prepare.py").write_text(CODE)
    program, made = tmp_path / "prepare.py", tmp_path / "made"
    command = [sys.executable, program, tree, made, "pyramid", "2", "2"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as process:
        while int(process.stdout.readline()) < 2:
            pass
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) >= 2
        process.send_signal(signal.SIGKILL)
        process.wait()
    until = time.monotonic() + 20
    while any(_is_alive(int(child)) for child in children) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(_is_alive(int(child)) for child in children)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_ctrl_c_leaves_nothing_half_written(tmp_path):
    tree = make_dtu(tmp_path / "dtu", {f"scan{k}": 5 for k in (1, 2, 3, 6)})
    (tmp_path / "prepare.py").write_text(CODE)
    made = tmp_path / "made"
    command = [sys.executable, tmp_path / "prepare.py", tree, made, "shards", "2", "4"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        while int(process.stdout.readline()) < 4:
            pass
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert not list(made.rglob(".*.part"))
    assert not (made / "manifest.json").exists()


@pytest.mark.parametrize("room", ["20k", "60k", "100k"])
def test_a_full_disk_is_told_and_gone_on_with(tmp_path, dtu_tree, room):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        with pytest.raises(FileError, match="No space left on device; go on with --resume"):
            prepare(dtu(dtu_tree), disk / "made", BOTH, workers=0)
        assert not list(disk.rglob(".*.part"))
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        prepare(dtu(dtu_tree), disk / "made", BOTH, workers=0, resume=True)
        prepare(dtu(dtu_tree), tmp_path / "whole", BOTH, workers=0)
        assert content(disk / "made") == content(tmp_path / "whole")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_folder_in_use_is_not_touched(dtu_tree, tmp_path):
    made = tmp_path / "made"
    made.mkdir()
    (made / "mine.txt").write_text("mine")
    for resume in (False, True):
        with pytest.raises(DataError, match=r"is not empty: give a new folder$"):
            prepare(dtu(dtu_tree), made, PYRAMID, resume=resume)
    assert content(made) == {"mine.txt": b"mine"}


def test_resuming_needs_the_same_options(dtu_tree, tmp_path):
    source, made = dtu(dtu_tree), tmp_path / "made"
    prepare(source, made, PYRAMID, workers=0)
    before = content(made)
    with pytest.raises(DataError, match="or --resume"):
        prepare(source, made, PYRAMID)
    assert prepare(source, made, PYRAMID, resume=True).counts["train"] == 5
    assert content(made) == before
    (dtu_tree / "Depths_raw/scan2/depth_map_0000.pfm").write_bytes(b"")
    assert prepare(source, tmp_path / "other", PYRAMID, workers=0).failures
    with pytest.raises(DataError, match="begun with other options"):
        prepare(source, tmp_path / "other", BOTH, resume=True)


def test_a_journal_cut_off_in_a_line_is_gone_on_with(dtu_tree, tmp_path):
    scan = dtu_tree / "Depths_raw/scan2/depth_map_0000.pfm"
    whole = scan.read_bytes()
    scan.write_bytes(b"")
    made = tmp_path / "made"
    assert prepare(dtu(dtu_tree), made, PYRAMID, workers=0).failures
    journal = made / ".journal"
    journal.write_bytes(journal.read_bytes()[:-20])
    scan.write_bytes(whole)
    assert not prepare(dtu(dtu_tree), made, PYRAMID, workers=0, resume=True).failures
    prepare(dtu(dtu_tree), tmp_path / "whole", PYRAMID, workers=0)
    assert content(made) == content(tmp_path / "whole")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("dtu", "nowhere", "x"), "nowhere does not exist: give the data set's folder"),
        (("dtu", ".", "x"), "holds no scanN/depth_map_*.pfm"),
        (("middlebury", ".", "x"), "holds no disparity map"),
        (("nyu", ".", "x"), "holds no depth file"),
        (("folder", ".", "x"), "holds no depth file"),
        (("folder", ".", "x", "--encoding", "mm", "--kind", "depth"), "give one or the others"),
        (("folder", ".", "x", "--units-per-value", "0"), "give a positive number"),
        (("folder", ".", "x", "--invalid", "7"), "--invalid"),
        (("synthetic", "x", "--count", "0"), "give 1 to 10,000,000"),
        (("synthetic", "x", "--count", "10000000000"), "give 1 to 10,000,000"),
        (("synthetic", "x", "--count", "1", "--height", "100000"), "to 16384×16384"),
        (("folder", ".", "x", "--units-per-value", "inf"), "give a positive number"),
        (("folder", ".", "x", "--units-per-value", "1e-310"), "give a positive number"),
        (("folder", ".", "x", "--encoding", "bogus"), "'bogus' is unknown"),
        (("synthetic", "x", "--count", "1", "--workers", "0"), "workers is 0: give 1 to 256"),
    ],
)
def test_bad_requests_are_one_clear_line(tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    assert run("prepare", *arguments) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_splits_are_drawn_by_scene_and_seed():
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


# The sample of DTU


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


# What goes wrong between two runs


def test_a_folder_that_only_looks_prepared_is_not_touched(dtu_tree, tmp_path, capsys):
    mine, elsewhere = tmp_path / "mine", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".other.7.part").write_text("mine")
    mine.mkdir()
    (mine / "link").symlink_to(elsewhere)
    (mine / "manifest.json").write_text('{"name": "of something else"}')
    (mine / ".thesis.7.part").write_text("mine")
    before = content(mine)
    for damaged in ("", "{}\n", "[]\n", "\0\0\n"):
        (mine / ".journal").write_text(damaged)
        assert run("prepare", "dtu", dtu_tree, mine, "--resume") == 2
        assert capsys.readouterr().err.count("\n") == 1
    (mine / ".journal").unlink()
    assert content(mine) == before


def test_going_on_removes_what_killed_runs_left_and_nothing_else(dtu_tree, tmp_path):
    made, elsewhere = tmp_path / "made", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".other.7.part").write_text("mine")
    prepare(dtu(dtu_tree), made, PYRAMID, workers=0)
    (made / "link").symlink_to(elsewhere)
    (made / "64x80" / "scan2" / ".a.png.123.part").write_text("half")
    (made / ".mine.part").write_text("mine")
    prepare(dtu(dtu_tree), made, PYRAMID, workers=0, resume=True)
    assert not list((made / "64x80").rglob(".*"))
    assert (made / ".mine.part").exists()
    assert (elsewhere / ".other.7.part").exists()


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize(
    "gone",
    [
        "train-00000.tar",
        "64x80/scan2/depth_map_0001.png",
        "train.csv",
        "128x160",
        "valid-00000.tar",
    ],
)
def test_what_is_gone_is_made_again(dtu_tree, tmp_path, ended, gone):
    source, made, whole = dtu(dtu_tree), tmp_path / "made", tmp_path / "whole"
    prepare(source, whole, BOTH, workers=0, shard_bytes=30_000)
    broken = dtu_tree / "Depths_raw/scan10/depth_map_0000.pfm"
    body = broken.read_bytes()
    if not ended:
        broken.write_bytes(b"")
    prepare(source, made, BOTH, workers=0, shard_bytes=30_000)
    broken.write_bytes(body)
    path = made / gone
    if path.is_dir():
        shutil.rmtree(path)
    elif path.suffix == ".tar":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()
    prepare(source, made, BOTH, workers=0, shard_bytes=30_000, resume=True)
    assert content(made) == content(whole)


def test_a_finished_set_goes_on_with_its_own_source_and_options_alone(dtu_tree, tmp_path):
    made = tmp_path / "made"
    prepare(dtu(dtu_tree), made, PYRAMID, workers=0)
    before = content(made)
    other = make_dtu(tmp_path / "other", {"scan2": 1})
    for source, forms in ((dtu(dtu_tree), BOTH), (dtu(other), PYRAMID)):
        with pytest.raises(DataError, match="begun with other options"):
            prepare(source, made, forms, workers=0, resume=True)
    assert content(made) == before


@pytest.mark.parametrize(
    "damage", [b"garbage\n", b'{"x": 1}\n', b"[]\n", b"\n", b"\0\0\0\n", b"\xff\n"]
)
def test_a_journal_with_a_damaged_line_is_gone_on_with(dtu_tree, tmp_path, damage):
    broken = dtu_tree / "Depths_raw/scan2/depth_map_0000.pfm"
    body = broken.read_bytes()
    broken.write_bytes(b"")
    made = tmp_path / "made"
    prepare(dtu(dtu_tree), made, BOTH, workers=0, shard_bytes=30_000)
    journal = made / ".journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([*lines[:4], damage, *lines[4:]]))
    broken.write_bytes(body)
    prepare(dtu(dtu_tree), made, BOTH, workers=0, shard_bytes=30_000, resume=True)
    prepare(dtu(dtu_tree), tmp_path / "whole", BOTH, workers=0, shard_bytes=30_000)
    assert content(made) == content(tmp_path / "whole")


def test_a_second_run_into_one_folder_is_refused(tmp_path, capsys):
    tree = make_dtu(tmp_path / "dtu", {f"scan{k}": 5 for k in (1, 2, 3, 6)})
    (tmp_path / "prepare.py").write_text(CODE)
    made = tmp_path / "made"
    command = [sys.executable, tmp_path / "prepare.py", tree, made, "pyramid", "0", "0"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True) as process:
        assert int(process.stdout.readline()) == 0
        assert run("prepare", "dtu", tree, made, "--pyramid", "--resume") == 2
        assert "another run is writing to" in capsys.readouterr().err
        process.communicate()
    assert process.returncode == 0
    prepare(dtu(tree), tmp_path / "whole", PYRAMID, workers=0)
    assert content(made) == content(tmp_path / "whole")


# What the maps are like


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


def test_scans_are_known_however_they_are_spelt(tmp_path, capsys):
    make_dtu(tmp_path / "a", {"scan001": 1, "scan009": 1, "Scan4": 1})
    found = dtu(tmp_path / "a")
    assert {frame.scene for frame in found.frames} == {"scan1", "scan4", "scan9"}
    assert {found.splitting.assign([f.scene])[f.scene] for f in found.frames} == {"test"}
    make_dtu(tmp_path / "b", {"scan001": 1, "scan1": 1})
    with pytest.raises(DataError, match="are both scan1"):
        dtu(tmp_path / "b")
    make_dtu(tmp_path / "c", {"scan25": 1})
    with pytest.raises(DataError, match="holds scan25 alone, which MVSNet's split leaves out"):
        dtu(tmp_path / "c")


def test_shards_are_about_as_large_as_asked_whatever_the_first_map_is(tmp_path):
    tree = make_dtu(tmp_path / "dtu", {"scan2": 40}, (64, 80))
    first = tree / "Depths_raw/scan2/depth_map_0000.pfm"
    write_pfm(first, np.zeros((64, 80), np.float32))
    prepare(dtu(tree), tmp_path / "made", SHARDS, workers=0, shard_bytes=60_000)
    sizes = [path.stat().st_size for path in (tmp_path / "made").glob("*.tar")]
    assert len(sizes) > 2
    assert max(sizes) < 90_000


def test_ctrl_c_from_a_terminal_prints_one_line(tmp_path):
    tree = make_dtu(tmp_path / "dtu", {f"scan{k}": 20 for k in (1, 2, 3, 6)})
    for k, wait in enumerate((0.0, 0.2, 0.4, 0.8)):
        command = [sys.executable, "-m", "dsdmsr", "prepare", "dtu", tree, tmp_path / f"{k}"]
        process = subprocess.Popen(
            [*command, "--pyramid", "--workers", "2"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        while not (tmp_path / f"{k}" / ".journal").exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(wait)
        os.killpg(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=60)
        assert error in ("", "dsdmsr: interrupted\n")
        assert process.returncode in (0, 130)
