from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from dsdmsr.errors import FileError
from dsdmsr.io import growing
from dsdmsr.io.growing import new_files

IDLE = 0.4


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "frames").mkdir()
    return tmp_path / "frames"


def names(folder: Path, **settings) -> list[str]:
    return [path.name for path in new_files(folder, idle=IDLE, **settings)]


def test_files_come_once_in_the_order_of_their_numbers(folder):
    for name in ("f10.png", "f9.npy", "f1.pfm"):
        (folder / name).write_bytes(b"x")
    for name in (".f2.png", "notes.txt", "f3.bag", "f4.png.part"):
        (folder / name).write_bytes(b"x")
    (folder / "f5.png").mkdir()
    assert names(folder) == ["f1.pfm", "f9.npy", "f10.png"]


def test_files_that_come_later_are_found(folder):
    files = new_files(folder, idle=5)
    for k in range(3):
        (folder / f"{k}.png").write_bytes(b"x")
        assert next(files) == folder / f"{k}.png"


def test_a_file_comes_when_it_is_whole_and_those_after_it_wait(folder):
    written = folder / "1.png"
    written.touch()
    (folder / "2.png").write_bytes(b"whole")
    files = new_files(folder, idle=5)
    whole = threading.Event()

    def write() -> None:
        for _ in range(8):
            time.sleep(growing._SETTLED / 4)
            with written.open("ab") as file:
                file.write(b"part")
        whole.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert next(files) == written
    assert whole.is_set()
    assert next(files) == folder / "2.png"
    thread.join()


def test_a_file_that_is_never_whole_does_not_hold_up_the_others_for_ever(folder, monkeypatch):
    monkeypatch.setattr(growing, "_PATIENCE", 0.3)
    (folder / "1.png").touch()
    (folder / "2.png").write_bytes(b"whole")
    assert names(folder) == ["2.png"]


def test_a_file_that_goes_before_it_is_whole_is_forgotten(folder):
    (folder / "1.png").touch()
    files = new_files(folder, idle=5)
    (folder / "2.png").write_bytes(b"x")
    threading.Timer(0.1, lambda: (folder / "1.png").unlink()).start()
    assert next(files) == folder / "2.png"


def test_the_end_can_be_set_while_nothing_comes(folder):
    ended = threading.Event()
    threading.Timer(0.1, ended.set).start()
    began = time.monotonic()
    assert list(new_files(folder, idle=60, ended=ended)) == []
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("there", [False, True])
def test_what_is_no_folder_is_one_line(tmp_path, there):
    path = tmp_path / "frames"
    if there:
        path.touch()
    with pytest.raises(FileError, match=f"{path} cannot be read: No"):
        next(new_files(path))


def test_a_folder_that_goes_is_an_error(folder):
    files = new_files(folder)
    (folder / "1.png").write_bytes(b"x")
    next(files)
    (folder / "1.png").unlink()
    folder.rmdir()
    with pytest.raises(FileError, match="cannot be read"):
        next(files)
