from __future__ import annotations

import pytest
from testing.prepared_sets import run


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
