from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from testing.command import refused, run
from testing.processes import running, until

from dsdmsr import DepthMap, TemporalFilter, Upscaler, read_depth, write_depth
from dsdmsr.depth.estimate import looks_noisy
from dsdmsr.io.realsense import encoding_in
from tools.source_files.recordings import START, camera, image, record

HEIGHT, WIDTH = 12, 16
FAST = ("--scale", 2, "--model", "dsdmsr-fast", "--device", "cpu")
IDLE = ("--idle", 0.4)
LINE = r"upscaled (\d+) frames, [\d.]+ a second, latency \d+ ms \(95 %: \d+ ms\)"


@pytest.fixture(scope="module")
def upscaler() -> Upscaler:
    return Upscaler.from_pretrained("dsdmsr-fast", scale=2, device="cpu")


def numbers(rng: np.random.Generator) -> np.ndarray:
    """Return millimetres with a step and a hole."""
    frame = rng.integers(1000, 1100, (HEIGHT, WIDTH)).astype(np.uint16)
    frame[:, WIDTH // 2 :] += 2000
    frame[2, 3:5] = 0
    return frame


def write(path: Path, rng: np.random.Generator) -> Path:
    write_depth(path, DepthMap.from_array(numbers(rng), "mm"))
    return path


@pytest.fixture
def frames(tmp_path, rng) -> Path:
    for k in range(8, 12):
        write(tmp_path / "frames" / f"f{k}.png", rng)
    return tmp_path / "frames"


def unfinished(folder: Path) -> list[Path]:
    return list(folder.glob(".*.part"))


def test_a_folder_becomes_what_upscale_makes_of_it(capsys, tmp_path, frames):
    out, beside = tmp_path / "out", tmp_path / "beside"
    code, said, err = run(capsys, "stream", frames, "-o", out, *FAST, *IDLE)
    assert code == 0
    assert re.fullmatch(rf"{LINE}, wrote 4 files to {out}\n", said)
    assert err.count("read as mm: 16-bit") == 1
    assert run(capsys, "upscale", frames, "-o", beside, *FAST)[0] == 0
    assert sorted(p.name for p in out.iterdir()) == sorted(p.name for p in frames.iterdir())
    for path in out.iterdir():
        assert path.read_bytes() == (beside / path.name).read_bytes()


def test_marks_kinds_and_formats_are_those_of_upscale(capsys, tmp_path, frames):
    ask = ("--fill", 9, "--format", "npy", "--to-kind", "inverse_depth")
    for command, more in (("stream", IDLE), ("upscale", ())):
        places = ("-o", tmp_path / command, "--filled", tmp_path / f"{command}-marks")
        assert run(capsys, command, frames, *places, *ask, *FAST, *more)[0] == 0
    for path in frames.iterdir():
        for folder, name in (("", f"{path.stem}.npy"), ("-marks", path.name)):
            one, other = (tmp_path / f"{c}{folder}" / name for c in ("stream", "upscale"))
            assert one.read_bytes() == other.read_bytes()


def test_expected_errors_are_those_of_upscale(capsys, tmp_path, frames):
    for command, more in (("stream", IDLE), ("upscale", ())):
        out = tmp_path / command
        ask = ("-o", out, "--confidence", tmp_path / f"{command}-errors", *FAST, *more)
        assert run(capsys, command, frames, *ask)[0] == 0
    for path in frames.iterdir():
        name = f"{path.name}.npy"
        one, other = (tmp_path / f"{c}-errors" / name for c in ("stream", "upscale"))
        assert one.read_bytes() == other.read_bytes()


def test_frames_that_come_later_are_taken_and_filtered(capsys, tmp_path, frames, rng, upscaler):
    ask = ("stream", frames, "-o", tmp_path / "out", *FAST, "--idle", 1, "--temporal")
    later = threading.Timer(0.5, write, (frames / "f1.png", rng))
    later.start()
    assert run(capsys, *ask)[0] == 0
    steady = TemporalFilter()
    for name in ("f8", "f9", "f10", "f11", "f1"):
        depth = read_depth(frames / f"{name}.png")
        noisy = looks_noisy(depth.values, depth.valid)
        expected = steady(upscaler(depth, errors=True), noisy=noisy)
        written = read_depth(tmp_path / "out" / f"{name}.png")
        np.testing.assert_allclose(written.values, expected.values, atol=0.0006)


def test_nothing_is_written_where_no_output_is_named(capsys, tmp_path, frames):
    before = sorted(tmp_path.rglob("*"))
    code, said, _ = run(capsys, "stream", frames, *FAST, *IDLE)
    assert code == 0
    assert re.fullmatch(rf"{LINE}\n", said)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_newest_frame_wins(capsys, tmp_path, frames):
    code, said, _ = run(capsys, "stream", frames, "-o", tmp_path / "out", *FAST, *IDLE, "--newest")
    assert code == 0
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert "f11.png" in written
    dropped = re.search(r"dropped (\d+)", said)
    assert len(written) + int(dropped[1] if dropped else 0) == 4


def test_frames_that_fail_are_listed_and_others_are_written(capsys, tmp_path, frames):
    (frames / "f9.png").write_bytes(b"\x89PNG and no more")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "f10.png").write_bytes(b"kept")
    code, said, err = run(capsys, "stream", frames, "-o", tmp_path / "out", *FAST, *IDLE)
    assert code == 1
    assert "failed 2, wrote 2 files" in said
    failures = sorted(line for line in err.splitlines() if line.startswith("failed: "))
    assert len(failures) == 2
    assert failures[0].startswith(f"failed: frame 1: {frames / 'f9.png'} is ")
    assert failures[1].startswith(f"failed: frame 2: {tmp_path / 'out' / 'f10.png'} exists")
    assert (tmp_path / "out" / "f10.png").read_bytes() == b"kept"


def test_an_empty_frame_and_one_of_another_size_are_frames(capsys, tmp_path, frames, rng):
    write_depth(
        frames / "f9.png",
        DepthMap(
            np.zeros((HEIGHT, WIDTH)),
            encoding="mm",
            unit="m",
            valid=np.zeros((HEIGHT, WIDTH), bool),
        ),
        overwrite=True,
    )
    large = DepthMap(rng.uniform(1, 2, (30, 20)), unit="m")
    write_depth(frames / "f10.png", large, "mm", overwrite=True)
    assert run(capsys, "stream", frames, "-o", tmp_path / "out", *FAST, *IDLE)[0] == 0
    assert not read_depth(tmp_path / "out" / "f9.png").valid.any()
    assert read_depth(tmp_path / "out" / "f10.png").shape == (60, 40)
    assert len(list((tmp_path / "out").iterdir())) == 4


@pytest.fixture
def bag(tmp_path, rng) -> tuple[Path, list[np.ndarray]]:
    pytest.importorskip("rosbags")
    found = [numbers(rng) for _ in range(4)]
    info = camera(WIDTH, HEIGHT, [50, 0, 7.5, 0, 60, 5.5, 0, 0, 1], first=True)
    topics = {
        "/depth/image": [image(each, "16UC1") for each in found],
        "/depth/camera_info": [info] * 4,
    }
    return record(tmp_path, "bag1", topics), found


@pytest.mark.parametrize("newest", [False, True])
def test_a_recording_keeps_its_order_and_times(capsys, tmp_path, bag, upscaler, newest):
    path, found = bag
    out = tmp_path / "out"
    began = time.monotonic()
    more = ("--newest",) if newest else ()
    code, said, err = run(capsys, "stream", path, "-o", out, *FAST, "--format", "npy", *more)
    took = time.monotonic() - began
    assert code == 0, err
    names = [f"{path.stem}-depth_image_{START + 33_000_000 * k}.npy" for k in range(4)]
    written = sorted(each.name for each in out.iterdir())
    if newest:
        assert written[-1] == names[-1]
        assert took > 3 * 0.033
    else:
        assert written == names
        assert "upscaled 4 frames" in said
    for name, frame in zip(names, found, strict=True):
        if name in written:
            expected = upscaler(DepthMap.from_array(frame, "mm"))
            stored = np.load(out / name)
            np.testing.assert_allclose(stored / 1000, expected.values, atol=0.0006)


def test_a_camera_is_recorded_until_it_gives_no_more(capsys, tmp_path, monkeypatch):
    pytest.importorskip("pyrealsense2", exc_type=ImportError)
    from testing.realsense import HEIGHT, UNIT, WIDTH, Camera

    camera = Camera()
    # The SDK lists no software device.
    monkeypatch.setattr("dsdmsr.io.realsense_camera.find_camera", lambda: camera.device)
    threading.Timer(1, camera.plugged.clear).start()
    out = tmp_path / "out"
    ask = ("stream", f"realsense:{WIDTH}x{HEIGHT}", "-o", out, *FAST, *IDLE)
    try:
        code, said, err = run(capsys, *ask)
    finally:
        camera.close()
    written = sorted(out.iterdir())
    assert code == 1
    assert f"failed 1, wrote {len(written)} files to {out}" in said
    (failure,) = [line for line in err.splitlines() if line.startswith("failed: ")]
    assert failure.endswith("the source failed: the RealSense camera has given no frame for 0.4 s")
    for path in written:
        number, time_ = map(int, path.stem.split("-"))
        assert time_ == round(1e6 * (1000.5 + 33.25 * number))
        large = read_depth(path, encoding_in(UNIT))
        assert large.shape == (2 * HEIGHT, 2 * WIDTH)
        assert large.values.max() == pytest.approx(UNIT * (4000 + number))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("{frames} -o {frames}", "is the source, too: give --output another folder"),
        ("{frames} -o {tmp}/a.png", "a.png is a file's name: give -o a folder"),
        ("{frames} -o {tmp}/o --filled {tmp}/o --fill 3", "is --output, too: give --filled"),
        ("{frames} --confidence {tmp}/e", "go with --output (-o)"),
        ("{frames} --format png", "--format is that of --output (-o)"),
        ("{frames} -o {tmp}/o --format pgn", "format is 'pgn' (did you mean png?)"),
        ("{frames} -o {tmp}/o --idle 0", "idle is 0 s: give a number above 0"),
        ("{frames}/f8.png -o {tmp}/o", "f8.png is no recording: give a folder, a recording"),
        ("{tmp}/none -o {tmp}/o", "none is not there: give a folder, a recording"),
        ("{tmp}/empty -o {tmp}/o --idle 0.2", "empty holds no depth file, and none has come"),
        ("{tmp}/broken -o {tmp}/o --idle 0.4", "frame 0: {tmp}/broken/1.png is "),
    ],
)
def test_what_cannot_be_done_is_one_line(capsys, tmp_path, frames, arguments, said):
    for name in ("empty", "broken"):
        (tmp_path / name).mkdir()
    (tmp_path / "broken" / "1.png").write_bytes(b"no picture")
    places = {"frames": frames, "tmp": tmp_path}
    given = arguments.format(**places).split()
    assert said.format(**places) in refused(capsys, "stream", *given, *FAST)
    assert not (tmp_path / "o").exists()


COMMAND = (sys.executable, "-m", "dsdmsr", "stream")


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("busy", [True, False])
def test_a_signal_ends_it_with_what_it_has_done(tmp_path, frames, rng, number, code, busy):
    for k in range(300 if busy else 0):
        write(frames / f"g{k}.png", rng)
    out = tmp_path / "out"
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with running(*COMMAND, frames, "-o", out, *FAST, **piped) as process:
        assert until(lambda: out.is_dir() and (out / "f11.png").exists())
        process.send_signal(number)
        said, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    written = [path for path in out.iterdir() if not path.name.startswith(".")]
    assert re.fullmatch(rf"{LINE}(, \w+ \d+)*, wrote {len(written)} files to {out}\n", said)
    assert 4 <= len(written) < 304 if busy else len(written) == 4
    assert "Traceback" not in err
    assert not unfinished(out)
    for path in written:
        assert read_depth(path).shape == (2 * HEIGHT, 2 * WIDTH)


def test_a_terminal_has_a_line_that_stays_in_place(frames):
    leader, terminal = pty.openpty()
    shown = []

    def read() -> None:
        while True:
            try:
                shown.append(os.read(leader, 4096).decode())
            except OSError:
                return

    thread = threading.Thread(target=read)
    thread.start()
    command = (*COMMAND, frames, "--idle", 3, *FAST)
    with running(*command, stdout=subprocess.PIPE, stderr=terminal) as process:
        os.close(terminal)
        assert process.wait(60) == 0
        assert process.stdout.read().startswith("upscaled 4 frames, ")
    thread.join(20)
    os.close(leader)
    assert "nothing for 2 s" in "".join(shown)
