"""The commands that enlarge, describe and convert depth files, run one after the other."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from testing.command import refused, run

import dsdmsr
from dsdmsr.app.cli import COMMANDS, app
from dsdmsr.errors import install_command

UPSCALE = ("--scale", 2, "--model", "dsdmsr-fast", "--device", "cpu")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(capsys, command):
    code, out, _ = run(capsys, command, "--help")
    assert code == 0
    assert out.startswith(f"Usage: dsdmsr {command}")
    for sub in (name for name in app[command] if not name.startswith("-")):
        assert run(capsys, command, sub, "--help")[0] == 0


def test_a_file_is_upscaled_with_all_that_belongs_to_it(capsys, tmp_path, file):
    out = tmp_path / "out.png"
    beside = ("--fill", 9, "--filled", tmp_path / "filled.png", "--confidence", tmp_path / "e.npy")
    code, said, _ = run(capsys, "upscale", file, "-o", out, *UPSCALE, *beside, "--edges", "sharp")
    assert (code, said) == (0, f"wrote {out}\n")
    upscaled = dsdmsr.read_depth(out)
    assert (upscaled.shape, upscaled.encoding) == ((96, 128), "mm")
    assert upscaled.valid.all()
    assert np.load(tmp_path / "e.npy").shape == (96, 128)
    assert dsdmsr.read_depth(tmp_path / "filled.png").valid.sum() > 8


def test_a_folder_is_upscaled_as_a_sequence(capsys, tmp_path, file, scene):
    frames = tmp_path / "frames"
    for k in range(3):
        dsdmsr.write_depth(frames / f"{k}.npy", scene[0], "metres")
    ask = ("upscale", frames, "-o", tmp_path / "out", *UPSCALE, "--encoding", "metres")
    assert run(capsys, *ask, "--temporal")[:2] == (0, f"wrote 3 files to {tmp_path / 'out'}\n")
    first, last = (np.load(tmp_path / "out" / f"{k}.npy") for k in (0, 2))
    np.testing.assert_allclose(first, last, atol=1e-5)


@pytest.mark.parametrize("model", ["dsdmsr-base", "auto"])
def test_results_are_streamed_to_npy(capsys, tmp_path, file, model):
    ask = ("--size", "300x250", "--tile", 20, "--model", model, "--device", "cpu")
    assert run(capsys, "upscale", file, "-o", tmp_path / "out.npy", *ask)[0] == 0
    assert np.load(tmp_path / "out.npy", mmap_mode="r").shape == (250, 300)


def test_results_are_streamed_to_tiff_with_the_extra_for_it(capsys, tmp_path, file):
    ask = ("upscale", file, "-o", tmp_path / "out.tif", *UPSCALE, "--tile", 20)
    if find_spec("tifffile") is None:
        assert refused(capsys, *ask).endswith(install_command("io"))
        return
    assert run(capsys, *ask)[0] == 0
    assert dsdmsr.read_depth(tmp_path / "out.tif").shape == (96, 128)


def test_a_file_is_described_and_becomes_points(capsys, tmp_path, file):
    code, said, _ = run(capsys, "info", file)
    assert code == 0
    assert "64×48, uint16" in said
    assert "holes     5 of 3,072 pixels" in said
    camera = ("--intrinsics", "120,120,31.5,23.5", "--mesh")
    assert run(capsys, "cloud", file, "-o", tmp_path / "out.ply", *camera)[0] == 0
    assert b"element vertex 3067" in (tmp_path / "out.ply").read_bytes()[:300]


def test_a_folder_is_upscaled_as_it_grows(capsys, tmp_path, file, scene):
    frames, out = tmp_path / "frames", tmp_path / "out"
    for k in range(3):
        dsdmsr.write_depth(frames / f"{k}.png", scene[0])
    ask = ("stream", frames, "-o", out, *UPSCALE, "--idle", 0.4, "--temporal")
    code, said, _ = run(capsys, *ask)
    assert code == 0
    assert said.startswith("upscaled 3 frames, ")
    assert [dsdmsr.read_depth(out / f"{k}.png").shape for k in range(3)] == [(96, 128)] * 3


def test_a_camera_needs_the_extra_for_it(capsys):
    if find_spec("pyrealsense2") is None:
        assert refused(capsys, "stream", "realsense", *UPSCALE).endswith(
            install_command("realsense")
        )


def test_the_sample_is_written_and_networks_are_listed(capsys, tmp_path):
    assert run(capsys, "sample", tmp_path)[0] == 0
    assert dsdmsr.read_depth(tmp_path / "hr_depth.png").shape == (480, 640)
    code, said, _ = run(capsys, "models")
    assert code == 0
    assert "dsdmsr-base (default)" in said
