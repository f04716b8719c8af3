from __future__ import annotations

import pytest
from testing.dtu_trees import depth_with_holes, make_dtu
from testing.prepared_sets import run

from dsdmsr.data.sources.dtu import dtu
from dsdmsr.errors import DataError
from dsdmsr.io.pfm import write_pfm


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
