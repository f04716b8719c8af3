"""Files are whole or not there: whatever fails, whoever else writes, whatever they are called."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from testing.command import run

from dsdmsr import DepthMap, _atomic, read_depth, write_depth
from dsdmsr._atomic import replacing, writing
from dsdmsr.errors import OutputExistsError

DEPTH = DepthMap([[1.0, 2.0]], unit="m")


def left_in(folder: Path) -> list[Path]:
    return list(folder.rglob(".*.part"))


def test_threads_that_write_one_path_leave_a_whole_file(tmp_path):
    path, size = tmp_path / "a.bin", 200_000

    def write(letter: bytes) -> None:
        for _ in range(20):
            with replacing(path) as beside, beside.open("wb") as file:
                for _ in range(20):
                    file.write(letter * (size // 20))

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if path.exists():
            content = path.read_bytes()
            assert len(content) == size
            assert len(set(content)) == 1
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    ("suffix", "links"),
    [(".npy", True), (".npy", False), (".zarr", True)],
    ids=["a file", "without hard links", "a folder"],
)
def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path, monkeypatch, suffix, links):
    if not links:

        def refuse(*_: object) -> None:
            raise PermissionError(1, "not permitted")

        monkeypatch.setattr(_atomic.os, "link", refuse)
    path, theirs = tmp_path / f"a{suffix}", DepthMap([[7.0, 8.0]], unit="m")
    write = _atomic._put_where_nothing_is

    def late(beside: Path, target: Path) -> None:
        write_depth(tmp_path / f"other{suffix}", theirs, "metres", overwrite=True)
        (tmp_path / f"other{suffix}").rename(path)
        write(beside, target)

    monkeypatch.setattr(_atomic, "_put_where_nothing_is", late)
    with pytest.raises(OutputExistsError, match="exists"):
        write_depth(path, DEPTH, "metres")
    monkeypatch.undo()
    np.testing.assert_array_equal(read_depth(path, "metres").values, theirs.values)
    assert left_in(tmp_path) == []
    write_depth(path, DEPTH, "metres", overwrite=True)
    np.testing.assert_array_equal(read_depth(path, "metres").values, DEPTH.values)


@pytest.mark.parametrize("name", ["x" * 251 + ".npy", "ж" * 125 + ".npy"])
def test_the_longest_names_can_be_written(tmp_path, name):
    assert len(os.fsencode(name)) in (254, 255)
    write_depth(tmp_path / name, DEPTH, "metres")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_what_killed_processes_left_is_removed_by_the_next(tmp_path):
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from dsdmsr._atomic import writing\n"
        "with writing(Path(sys.argv[1]), overwrite=False) as beside:\n"
        "    beside.write_bytes(b'half')\n"
        "    os._exit(9)\n"
    )
    for number in range(2):
        subprocess.run([sys.executable, "-c", code, tmp_path / f"{number}.npy"])
        assert len(left_in(tmp_path)) == 1  # that of the first is gone
    mine = tmp_path / f".b.npy.{_atomic._HOST}-{os.getpid()}-0.part"
    other = tmp_path / ".b.npy.elsewhere-99999999-0.part"
    named = tmp_path / ".of.a.user.part"
    for path in (mine, other, named):
        path.write_bytes(b"")
    write_depth(tmp_path / "c.npy", DEPTH, "metres")
    assert set(left_in(tmp_path)) == {mine, other, named}


def test_an_error_leaves_what_was_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with writing(path, overwrite=True) as beside:
            beside.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert left_in(tmp_path) == []


def test_runs_that_resume_one_folder_do_not_fail(tmp_path, monkeypatch, capsys):
    source, target = tmp_path / "in", tmp_path / "out"
    for number in range(4):
        write_depth(
            source / f"{number}.png", DepthMap(np.full((8, 9), 1.0 + number), unit="m"), "mm"
        )
    from dsdmsr.app import upscale_files

    enlarge = upscale_files.upscale_file

    def meanwhile(job_source: Path, job_target: Path, options: object, **more: object):
        """Have another run write this file while it is upscaled, and the next one before."""
        if job_source.stem == "1":
            for stem in ("1", "2"):
                write_depth(target / f"{stem}.png", DEPTH, "mm", overwrite=True)
            raise OutputExistsError(f"{job_target} exists by now")
        return enlarge(job_source, job_target, options, **more)

    monkeypatch.setattr(upscale_files, "upscale_file", meanwhile)
    command = ("upscale", source, "--output-dir", target, "--scale", 2, "--model", "dsdmsr-fast")
    code, out, err = run(capsys, *command, "--resume")
    assert (code, out) == (0, f"wrote 2 files to {target}; 2 existed\n"), err
    assert sorted(path.name for path in target.iterdir()) == [f"{n}.png" for n in range(4)]
    np.testing.assert_array_equal(read_depth(target / "2.png", "mm").values, DEPTH.values)
