from __future__ import annotations

import json

import pytest
from testing.prepared_sets import run

from dsdmsr.data.sources.middlebury import TEST_SCENES

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
