from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterator

import numpy as np
import pytest
from testing.processes import running

from dsdmsr import DepthMap, TemporalFilter, Upscaler, read_depth, write_depth
from dsdmsr.depth.estimate import looks_noisy
from dsdmsr.errors import ConfigError, DepthError, EncodingError, FrameError
from dsdmsr.upscaling import stream as stream_module

HEIGHT, WIDTH = 12, 16


@pytest.fixture(scope="module")
def upscaler() -> Upscaler:
    return Upscaler.from_pretrained("dsdmsr-fast", scale=2, device="cpu")


def numbers(rng: np.random.Generator, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Return millimetres with a step and a hole."""
    frame = rng.integers(1000, 1100, (height, width)).astype(np.uint16)
    frame[:, width // 2 :] += 2000
    frame[2, 3:5] = 0
    return frame


def no_thread_is_left(seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while any(thread.name == "dsdmsr-stream" for thread in threading.enumerate()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def same(one: DepthMap, other: DepthMap) -> bool:
    arrays = [(one.values, other.values), (one.valid, other.valid)]
    if one.error is not None and other.error is not None:
        arrays.append((one.error, other.error))
    return all(a.tobytes() == b.tobytes() and a.shape == b.shape for a, b in arrays)


def test_results_are_those_of_each_frame_in_order_with_its_stamp(rng, upscaler):
    frames = [numbers(rng) for _ in range(12)]
    stamped = ((f"at {k}", frame) for k, frame in enumerate(frames))
    results = list(upscaler.stream(stamped, encoding="mm", errors=True))
    assert [result.index for result in results] == list(range(12))
    assert [result.stamp for result in results] == [f"at {k}" for k in range(12)]
    for result, frame in zip(results, frames, strict=True):
        depth = DepthMap.from_array(frame, "mm")
        assert same(result.lr_depth, depth)
        assert same(result.depth, upscaler(depth, errors=True))
        assert (result.depth.unit, result.depth.encoding) == ("m", "mm")
        assert result.latency > 0
    assert no_thread_is_left()


def test_maps_have_no_stamp_and_keep_what_they_are(rng, upscaler):
    depth = DepthMap(rng.uniform(5, 9, (HEIGHT, WIDTH)), kind="disparity", unit="px")
    (result,) = upscaler.stream([depth])
    assert (result.index, result.stamp, result.dropped) == (0, None, 0)
    assert result.lr_depth is depth
    assert (result.depth.kind, result.depth.unit) == ("disparity", "px")


def test_paths_are_read_in_the_thread_of_the_stream(rng, upscaler, tmp_path):
    paths = [tmp_path / f"{k}.png" for k in range(3)]
    for path in paths:
        write_depth(path, DepthMap.from_array(numbers(rng), "mm"))
    readers = set()

    def read(path):
        readers.add(threading.current_thread().name)
        return read_depth(path)

    results = list(upscaler.stream(paths, read=read))
    assert readers == {"dsdmsr-stream"}
    for result, path in zip(results, paths, strict=True):
        assert same(result.depth, upscaler(read_depth(path)))


@pytest.mark.parametrize("reuse", [False, True])
def test_another_size_another_type_and_nothing_valid_are_frames_too(rng, upscaler, reuse):
    small, large = rng.uniform(1, 3, (8, 9)), rng.uniform(1, 3, (20, 10)).astype(np.float32)
    nothing = np.zeros((HEIGHT, WIDTH), np.float32)
    frames = [small, large, nothing, large, nothing, small]
    count = 0
    for result, frame in zip(
        upscaler.stream(frames, errors=True, reuse=reuse), frames, strict=True
    ):
        depth = DepthMap.from_array(frame)
        assert result.depth.shape == (2 * depth.shape[0], 2 * depth.shape[1])
        if frame is nothing:
            assert not result.depth.valid.any()
            assert not result.depth.values.any()
            assert np.isnan(result.depth.error).all()
        else:
            assert same(result.depth, upscaler(depth, errors=True))
        count += 1
    assert count == len(frames)


@pytest.mark.parametrize("settings", [{}, {"edges": "sharp"}, {"scale": None, "size": (30, 45)}])
def test_arrays_are_reused_where_that_is_asked_for(rng, upscaler, settings):
    other = Upscaler(upscaler.backend, **{"scale": 2, **settings})
    frames = [DepthMap.from_array(numbers(rng), "mm") for _ in range(4)]
    for reuse in (True, False):
        before: DepthMap | None = None
        for result in other.stream(frames, reuse=reuse, errors=True):
            now = result.depth
            assert same(now, other(result.lr_depth, errors=True))
            for name in ("values", "valid", "error"):
                assert not getattr(now, name).flags.writeable
                if before is not None:
                    shared = np.shares_memory(getattr(now, name), getattr(before, name))
                    assert shared == reuse
            before = now


def test_a_source_may_reuse_its_own_array(rng, upscaler):
    frames = [numbers(rng) for _ in range(8)]

    def sensor() -> Iterator[np.ndarray]:
        held = np.empty_like(frames[0])
        for frame in frames:
            held[:] = frame
            yield held

    for result, frame in zip(upscaler.stream(sensor(), encoding="mm"), frames, strict=True):
        assert same(result.lr_depth, DepthMap.from_array(frame, "mm"))


def test_the_newest_frame_wins_and_those_before_it_are_counted(rng, upscaler):
    taken, given = threading.Event(), threading.Event()

    def sensor() -> Iterator[np.ndarray]:
        yield numbers(rng)
        taken.wait(10)
        for _ in range(9):
            yield numbers(rng)
        given.set()

    stream = upscaler.stream(sensor(), encoding="mm", newest=True)
    assert next(stream).dropped == 0
    taken.set()
    assert given.wait(10)
    last = next(stream)
    assert (last.index, last.dropped) == (9, 8)
    assert list(stream) == []
    statistics = stream.statistics
    assert (statistics.frames, statistics.dropped, statistics.failed) == (2, 8, 0)


def test_a_fast_source_waits_so_that_memory_is_bounded(rng, upscaler):
    alive: list[weakref.ref[DepthMap]] = []

    def sensor() -> Iterator[DepthMap]:
        while True:
            depth = DepthMap.from_array(numbers(rng), "mm")
            alive.append(weakref.ref(depth))
            yield depth

    with upscaler.stream(sensor()) as stream:
        for count in range(1, 8):
            next(stream)
            # Two wait; a third is there, for which there is no room.
            deadline = time.monotonic() + 5
            while len(alive) < count + 3 and time.monotonic() < deadline:
                time.sleep(0.002)
            time.sleep(0.01)
            assert len(alive) == count + 3
            assert sum(reference() is not None for reference in alive) <= 5
    assert stream.statistics.dropped == 0
    assert no_thread_is_left()


def test_an_error_of_the_source_comes_after_its_frames_with_the_index(rng, upscaler):
    def sensor() -> Iterator[np.ndarray]:
        yield numbers(rng)
        yield numbers(rng)
        raise OSError("the cable\nis out")

    stream = upscaler.stream(sensor(), encoding="mm")
    assert [next(stream).index for _ in range(2)] == [0, 1]
    with pytest.raises(
        FrameError, match="frame 2: the source failed: OSError: the cable is"
    ) as info:
        next(stream)
    assert info.value.index == 2
    assert isinstance(info.value.__cause__, OSError)
    assert list(stream) == []
    assert no_thread_is_left()


def test_a_frame_that_fails_does_not_end_the_stream(rng, upscaler):
    good = DepthMap.from_array(numbers(rng), "mm")
    frames = [good, np.zeros((3, 4, 5)), good, numbers(rng), np.full((3, 4), "a"), good]
    stream, found = upscaler.stream(frames), []
    for _ in frames:
        try:
            found.append(next(stream).index)
        except FrameError as error:
            found.append(error)
    errors = [each for each in found if isinstance(each, FrameError)]
    assert [error.index for error in errors] == [1, 3, 4]
    assert all(str(error).startswith(f"frame {error.index}: ") for error in errors)
    assert [each if isinstance(each, int) else type(each.__cause__) for each in found] == [
        *(0, DepthError, 2, EncodingError, DepthError, 5)
    ]
    assert "give encoding='mm'" in str(found[3])
    assert list(stream) == []
    assert (stream.statistics.frames, stream.statistics.failed) == (3, 3)


def test_a_frame_of_a_size_that_does_not_fit_is_an_error_of_that_frame(rng, upscaler):
    sized = Upscaler(upscaler.backend, size=(24, 32))
    frames = [rng.uniform(1, 2, (12, 16)), rng.uniform(1, 2, (40, 50)), rng.uniform(1, 2, (10, 9))]
    stream = sized.stream(frames)
    assert next(stream).depth.shape == (24, 32)
    with pytest.raises(FrameError, match="frame 1: size is 32x24 for a map of 50x40"):
        next(stream)
    assert next(stream).depth.shape == (24, 32)


def test_a_stalled_source_is_an_error_after_the_timeout_and_may_go_on(rng, upscaler, monkeypatch):
    monkeypatch.setattr(stream_module, "_STALL", 0.02)
    go_on = threading.Event()

    def sensor() -> Iterator[np.ndarray]:
        yield numbers(rng)
        go_on.wait(10)
        yield numbers(rng)

    stream = upscaler.stream(sensor(), encoding="mm", timeout=0.1)
    assert next(stream).index == 0
    with pytest.raises(FrameError, match=r"frame 1: nothing has come for 0\.1 s"):
        next(stream)
    assert stream.statistics.stalls == 1
    go_on.set()
    assert next(stream).index == 1
    assert list(stream) == []


def test_a_stall_without_a_timeout_is_counted_alone(rng, upscaler, monkeypatch):
    monkeypatch.setattr(stream_module, "_STALL", 0.02)
    monkeypatch.setattr(stream_module, "_LOOK", 0.01)

    def sensor() -> Iterator[np.ndarray]:
        yield numbers(rng)
        time.sleep(0.1)
        yield numbers(rng)

    stream = upscaler.stream(sensor(), encoding="mm")
    assert [result.index for result in stream] == [0, 1]
    assert stream.statistics.stalls == 1


@pytest.mark.parametrize("how", ["break", "close", "with", "forgotten"])
def test_whoever_stops_early_leaves_no_thread_and_no_source_open(rng, upscaler, how):
    closed = threading.Event()

    def sensor() -> Iterator[np.ndarray]:
        try:
            while True:
                yield numbers(rng)
        finally:
            closed.set()

    if how == "break":
        for _ in upscaler.stream(sensor(), encoding="mm"):
            break
    elif how == "close":
        stream = upscaler.stream(sensor(), encoding="mm")
        next(stream)
        stream.close()
        stream.close()
        assert list(stream) == []
    elif how == "with":
        with upscaler.stream(sensor(), encoding="mm") as stream:
            next(stream)
        assert list(stream) == []
    else:
        next(upscaler.stream(sensor(), encoding="mm"))
    assert closed.wait(5)
    assert no_thread_is_left()


def test_a_stream_that_was_closed_before_its_first_frame_takes_none(rng, upscaler):
    frames = iter([numbers(rng)])
    stream = upscaler.stream(frames, encoding="mm")
    stream.close()
    assert list(stream) == []
    assert len(list(frames)) == 1


def test_closing_does_not_wait_for_a_source_that_hangs(rng, upscaler, monkeypatch):
    monkeypatch.setattr(stream_module, "_PATIENCE", 0.05)
    hang = threading.Event()

    def sensor() -> Iterator[np.ndarray]:
        yield numbers(rng)
        hang.wait(10)

    stream = upscaler.stream(sensor(), encoding="mm")
    next(stream)
    stream.close()
    assert not hang.is_set()
    hang.set()
    assert no_thread_is_left()


PROGRAM = """
import threading
import numpy as np
from dsdmsr import Upscaler

def sensor():
    yield np.ones((12, 16))
    while {going}:
        yield np.ones((12, 16))
    print("waiting", flush=True)
    threading.Event().wait()

upscaler = Upscaler.from_pretrained("dsdmsr-fast", scale=2, device="cpu")
try:
    with upscaler.stream(sensor()) as stream:
        for frame in stream:
            if frame.index == 3:
                print("going", flush=True)
except KeyboardInterrupt:
    print("interrupted", next(stream, "over"), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("going", [True, False])
def test_ctrl_c_ends_a_stream_whether_or_not_frames_come(going):
    program = PROGRAM.format(going=going)
    with running(sys.executable, "-c", program, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == ("going\n" if going else "waiting\n")
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "interrupted over\n"
        assert process.wait(20) == 0


def test_the_temporal_filter_sees_frame_after_frame(rng, upscaler):
    wall = 1 + 0.01 * np.mgrid[:HEIGHT, :WIDTH][1]
    frames = [DepthMap(wall + 0.001 * rng.normal(size=wall.shape)) for _ in range(4)]
    frames.insert(2, DepthMap(wall, np.zeros(wall.shape, bool)))
    steady = TemporalFilter()
    # With reuse, too: the filter compares with a frame that is not overwritten.
    for result in upscaler.stream(frames, temporal=True, reuse=True):
        depth = result.lr_depth
        if depth.valid.any():
            noisy = looks_noisy(depth.values, depth.valid)
            assert same(result.depth, steady(upscaler(depth, errors=True), noisy=noisy))
        else:
            assert not result.depth.valid.any()


def test_the_first_frame_chooses_the_network_and_the_upscaler_stays_as_it_was(rng):
    upscaler = Upscaler.from_pretrained("auto", scale=2, device="cpu")
    rows = np.mgrid[:HEIGHT, :WIDTH][0].astype(float)
    clean, noisy = DepthMap(1 + 0.1 * rows), DepthMap(1 + rows + rng.uniform(0, 1, rows.shape))
    empty = DepthMap(rows, np.zeros(rows.shape, bool))
    stream = upscaler.stream([empty, noisy, clean])
    results = list(stream)
    assert stream.choice.network == "dsdmsr-robust"
    assert not same(results[2].depth, upscaler(clean))
    assert upscaler.choice_for(clean).network == "dsdmsr-base"


def test_statistics_are_of_what_was_seen(rng, upscaler):
    stream = upscaler.stream((numbers(rng) for _ in range(20)), encoding="mm")
    before = stream.statistics
    assert (before.frames, before.frames_per_second) == (0, 0)
    assert np.isnan(before.latency_p50)
    began = time.perf_counter()
    latencies = [result.latency for result in stream]
    took = time.perf_counter() - began
    statistics = stream.statistics
    assert statistics.frames == 20
    assert statistics.frames_per_second >= 19 / took
    assert statistics.latency_p50 == pytest.approx(np.median(latencies))
    assert statistics.latency_p95 == pytest.approx(np.quantile(latencies, 0.95))
    assert max(latencies) < took


@pytest.mark.parametrize(
    ("frames", "settings", "said"),
    [
        ("frames/", {}, "frames are a str 'frames/': give an iterable"),
        (DepthMap([[1.0]]), {}, "frames are a dsdmsr.DepthMap of shape .1, 1.: give an iterable"),
        (3, {}, "frames are an int 3: give an iterable"),
        ([], {"timeout": 0}, "timeout is 0 s"),
        ([], {"encoding": "mm", "read": read_depth}, "give one"),
        ([], {"encoding": "nm"}, "encoding 'nm' is unknown"),
    ],
)
def test_what_is_no_stream_is_refused_at_once(upscaler, frames, settings, said):
    with pytest.raises((ConfigError, EncodingError), match=said):
        upscaler.stream(frames, **settings)
