from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tarfile

import numpy as np
import pytest
from testing.dtu_trees import content, make_dtu
from testing.prepared_sets import BOTH, SHARDS, rows, run

from dsdmsr import read_depth
from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.prepared.pyramid import LEVELS
from dsdmsr.data.sources.dtu import dtu
from dsdmsr.errors import FileError
from dsdmsr.io.pfm import write_pfm


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
    assert "repair them and continue with --resume" in told
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


def test_shards_are_about_as_large_as_asked_whatever_the_first_map_is(tmp_path):
    tree = make_dtu(tmp_path / "dtu", {"scan2": 40}, (64, 80))
    first = tree / "Depths_raw/scan2/depth_map_0000.pfm"
    write_pfm(first, np.zeros((64, 80), np.float32))
    prepare(dtu(tree), tmp_path / "made", SHARDS, workers=0, shard_bytes=60_000)
    sizes = [path.stat().st_size for path in (tmp_path / "made").glob("*.tar")]
    assert len(sizes) > 2
    assert max(sizes) < 90_000
