from __future__ import annotations

from benchmarks.speed import cold_start
from dsdmsr import read_depth
from dsdmsr.zoo.find import WEIGHTS
from dsdmsr.zoo.names import folder_of


def test_processes_upscale_the_map(tmp_path, monkeypatch):
    lr_depth = cold_start.write_map(tmp_path)
    assert read_depth(lr_depth).shape == (120, 160)
    commands: list[list[str]] = []
    monkeypatch.setattr(cold_start.subprocess, "run", lambda command, **_: commands.append(command))
    taken = cold_start.start_seconds(("dsdmsr-fast",), 2)
    assert {key: len(times) for key, times in taken.items()} == {
        cold_start.IMPORT: 2,
        "dsdmsr-fast": 2,
    }
    assert commands[0][1:] == ["-c", cold_start.IMPORT]
    assert commands[1][1:4] == ["-m", "dsdmsr", "upscale"]


def test_the_command_is_one_that_runs(tmp_path):
    lr_depth = cold_start.write_map(tmp_path)
    command = cold_start.upscale_command(lr_depth, "dsdmsr-fast")
    cold_start.subprocess.run(command, check=True, capture_output=True)
    assert read_depth(tmp_path / "hr_depth.png").shape == (480, 640)


def test_memory_grows_by_the_result_at_least():
    # 400×600 pixels ×4, in float32.
    assert cold_start.memory_growth("dsdmsr-fast", "torch", (400, 600)) > 14


def test_disk_is_that_of_all_files_of_a_kind():
    folder = folder_of("dsdmsr-base")
    files = (folder / WEIGHTS, folder / "bicubic" / WEIGHTS)
    expected = sum(len(file.read_bytes()) for file in files) / 2**20
    assert cold_start.disk_mib("dsdmsr-base")["weights"] == expected
