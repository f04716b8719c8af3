from __future__ import annotations

import sys

import pytest
from testing.dtu_trees import content
from testing.prepared_sets import PYRAMID, run

from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.sources.dtu import dtu
from dsdmsr.errors import DataError, DependencyError


def test_a_folder_in_use_is_not_touched(dtu_tree, tmp_path):
    made = tmp_path / "made"
    made.mkdir()
    (made / "mine.txt").write_text("mine")
    for resume in (False, True):
        with pytest.raises(DataError, match=r"is not empty: give a new folder$"):
            prepare(dtu(dtu_tree), made, PYRAMID, resume=resume)
    assert content(made) == {"mine.txt": b"mine"}


def test_a_folder_that_only_looks_prepared_is_not_touched(dtu_tree, tmp_path, capsys):
    mine, elsewhere = tmp_path / "mine", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".other.host-7-0.part").write_text("mine")
    mine.mkdir()
    (mine / "link").symlink_to(elsewhere)
    (mine / "manifest.json").write_text('{"name": "of something else"}')
    (mine / ".thesis.host-7-0.part").write_text("mine")
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
    (elsewhere / ".other.host-7-0.part").write_text("mine")
    prepare(dtu(dtu_tree), made, PYRAMID, workers=0)
    (made / "link").symlink_to(elsewhere)
    (made / "64x80" / "scan2" / ".a.png.host-123-0.part").write_text("half")
    (made / ".mine.part").write_text("mine")
    prepare(dtu(dtu_tree), made, PYRAMID, workers=0, resume=True)
    assert not list((made / "64x80").rglob(".*"))
    assert (made / ".mine.part").exists()
    assert (elsewhere / ".other.host-7-0.part").exists()


def test_a_run_killed_as_it_begins_is_begun_again(dtu_tree, tmp_path):
    made, whole = tmp_path / "made", tmp_path / "whole"
    made.mkdir()
    (made / ".journal.lock").touch()
    (made / ".journal").touch()
    for folder in (made, whole):
        prepare(dtu(dtu_tree), folder, PYRAMID, workers=0)
    assert content(made) == content(whole)
    assert not list(made.glob(".*"))


def test_a_missing_lock_library_is_told_before_any_work(dtu_tree, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "filelock", None)
    with pytest.raises(
        DependencyError,
        match=r"filelock.*pip install .*\[prepare\]'",
    ):
        prepare(dtu(dtu_tree), tmp_path / "made", PYRAMID)
    assert not (tmp_path / "made").exists()
