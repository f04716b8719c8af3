"""Recordings of ROS topics, written by rosbags, with PNGs by OpenCV and RVL from the paper."""

from __future__ import annotations

import re
import struct

import cv2
import numpy as np
import pytest
from testing.command import run

from dsdmsr import read_depth
from dsdmsr.app.files import plan
from dsdmsr.app.outputs import Outputs
from dsdmsr.errors import FileError
from dsdmsr.io import read_stored, recordings
from dsdmsr.io.patterns import depth_files
from dsdmsr.io.rvl import unpack_rvl
from tools.source_files.recordings import START, camera, compressed, image, record, rvl

TOPIC = "/camera/depth/image_rect_raw"
INFO = "/camera/depth/camera_info"
KINDS = ["bag1", "mcap", "db3", "folder"]


def holey(rng, shape=(6, 8), high=65536) -> np.ndarray:
    numbers = rng.integers(1, high, shape).astype(np.uint16)
    numbers[rng.random(shape) < 0.4] = 0
    return numbers


@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_of_the_only_depth_topic_is_read(tmp_path, rng, kind):
    frames = [holey(rng, high=4000) for _ in range(5)]
    colour = np.zeros((6, 24), np.uint8)
    info = camera(8, 6, [50, 0, 3.5, 0, 60, 2.5, 0, 0, 1], first=kind == "bag1")
    path = record(
        tmp_path,
        kind,
        {
            "/camera/color/image_raw": [image(colour, "rgb8")] * 5,
            TOPIC: [image(numbers, "16UC1") for numbers in frames],
            INFO: [info] * 5,
            "/camera/infra/image_raw": [image(frames[0], "mono16")],
        },
    )
    sources = depth_files([str(path)])
    times = [START + 33_000_000 * k for k in range(5)]
    assert [str(s) for s in sources] == [f"{path}#{TOPIC}@{time}" for time in times]
    assert depth_files([f"{path}#{TOPIC}"]) == sources
    assert depth_files([f"{path}#{TOPIC[1:]}"]) == sources
    assert depth_files([str(sources[2])]) == [sources[2]]
    for order in ([0, 1, 2, 3, 4], [3, 1, 1, 4, 0]):
        for number in order:
            depth = read_depth(sources[number])
            np.testing.assert_array_equal(depth.valid, frames[number] > 0)
            np.testing.assert_array_equal(depth.values, (frames[number] / 1000).astype(np.float32))
    assert (depth.kind, depth.unit) == ("depth", "m")
    assert "REP 118" in depth.encoding.meaning
    assert depth.metadata.notes[0] == f"of {TOPIC}, the only topic of depth images"
    camera_ = depth.intrinsics
    assert (camera_.fx, camera_.fy, camera_.cx, camera_.cy) == (50, 60, 3.5, 2.5)
    targets = [pair.target.name for pair in plan([str(path)], Outputs(output=tmp_path / "out"))]
    stem = path.name.removesuffix(path.suffix)
    assert targets[0] == f"{stem}-camera_depth_image_rect_raw_1714000000123456789.png"
    with pytest.raises(FileError, match=rf"holds 5 frames of {TOPIC}: name one, .*@{times[0]} to"):
        read_depth(path)


def test_a_long_recording_is_passed_through_once(tmp_path, rng, monkeypatch):
    frames = [image(holey(rng, (2, 3)), "16UC1") for _ in range(40)]
    path = record(tmp_path, "mcap", {TOPIC: frames})
    sources, started = depth_files([str(path)]), []
    plain = recordings.Recording._messages
    monkeypatch.setattr(
        recordings.Recording,
        "_messages",
        lambda self, topic, start=None: started.append(start) or plain(self, topic, start),
    )
    for source in sources:
        read_depth(source)
    assert started == [START]


def test_frames_of_one_time_are_numbered(tmp_path, rng):
    frames = [holey(rng, (2, 3)) for _ in range(3)]
    path = record(tmp_path, "bag1", {TOPIC: [image(f, "16UC1") for f in frames]}, step=0)
    sources = depth_files([str(path)])
    assert [str(s).rpartition("@")[2] for s in sources] == [str(START), f"{START}-1", f"{START}-2"]
    for source, frame in zip(sources, frames, strict=True):
        np.testing.assert_array_equal(read_stored(source).numbers, frame)


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("padding", [0, 4])
def test_floats_are_metres_and_0_is_a_value(tmp_path, rng, big, padding):
    numbers = rng.uniform(0.3, 9, (3, 4)).astype(np.float32)
    numbers[0, :3] = np.nan, np.inf, 0
    whole = holey(rng, (3, 4))
    path = record(
        tmp_path,
        "mcap",
        {
            "/a": [image(numbers, "32FC1", big, padding)],
            "/b": [image(whole, "16UC1", big, padding)],
        },
    )
    depth = read_depth(f"{path}#/a")
    np.testing.assert_array_equal(depth.valid, np.isfinite(numbers))
    np.testing.assert_array_equal(depth.values, np.where(np.isfinite(numbers), numbers, 0))
    np.testing.assert_array_equal(read_stored(f"{path}#/b").numbers, whole)
    (pair,) = plan([f"{path}#/a"], Outputs(output=tmp_path / "out"))
    assert pair[1].suffix == ".npy"


def png(numbers: np.ndarray) -> bytes:
    return cv2.imencode(".png", numbers)[1].tobytes()


def test_compressed_depth_is_as_its_transport_decodes_it(tmp_path, rng):
    numbers = holey(rng)
    size = struct.pack("<II", 8, 6)
    a, b = np.float32(100.0 * 101.0), np.float32(1 - 100.0 * 101.0 / 10)
    quantised = holey(rng, high=9000)
    path = record(
        tmp_path,
        "mcap",
        {
            "/a": [compressed(png(numbers), "16UC1; compressedDepth png")],
            "/b": [compressed(size + rvl(numbers), "16UC1; compressedDepth rvl")],
            "/c": [compressed(png(quantised), "32FC1; compressedDepth", a, b)],
            "/d": [compressed(size + rvl(quantised), "32FC1; compressedDepth rvl", a, b)],
        },
    )
    np.testing.assert_array_equal(read_stored(f"{path}#/a").numbers, numbers)
    np.testing.assert_array_equal(read_stored(f"{path}#/b").numbers, numbers)
    expected = [
        [a / (np.float32(n) - b) if n else np.float32(np.nan) for n in row] for row in quantised
    ]
    for topic in "cd":
        got = read_stored(f"{path}#/{topic}").numbers
        np.testing.assert_array_equal(got, np.array(expected, np.float32))
        assert read_depth(f"{path}#/{topic}").unit == "m"


@pytest.mark.parametrize("share", [0, 0.5, 1])
def test_rvl_comes_back(rng, share):
    for shape in [(1, 1), (3, 5), (40, 64)]:
        pixels = rng.integers(0, 65536, shape).astype(np.uint16)
        pixels[rng.random(shape) < share] = 0
        np.testing.assert_array_equal(unpack_rvl(rvl(pixels), pixels.size), pixels.ravel())


def test_rvl_of_two_runs_by_hand():
    # 2 zeros, 2 others: 9, which is +9, zigzag 18, nibbles 2 | 8 and 2; 8, which is -1, zigzag 1.
    # Then 1 zero, 0 others.
    assert unpack_rvl(struct.pack("<I", 0x22A21100), 5).tolist() == [0, 0, 9, 8, 0]


@pytest.mark.parametrize(
    ("content", "count"),
    [
        (b"", 4),
        (b"\xff" * 64, 4),
        (struct.pack("<I", 0x22A21100), 4),
        (struct.pack("<I", 0x22A21100), 9),
        (struct.pack("<I", 0x07000000), 7),
        (bytes(8), 4),
    ],
)
def test_damaged_rvl_is_refused(content, count):
    with pytest.raises(ValueError, match="RVL data"):
        unpack_rvl(content, count)


def test_cameras_are_rectified_where_the_image_is_and_scaled_to_it(tmp_path, rng):
    numbers = holey(rng, (3, 4))
    info = camera(8, 6, [50, 0, 3.5, 0, 60, 2.5, 0, 0, 1], [40, 0, 3, 0, 0, 44, 2, 0, 0, 0, 1, 0])
    odd = camera(8, 3, [50, 0, 3.5, 0, 60, 2.5, 0, 0, 1])
    path = record(
        tmp_path,
        "mcap",
        {
            "/a/image_rect": [image(numbers, "16UC1")],
            "/a/image_raw": [image(numbers, "16UC1")],
            "/a/camera_info": [info],
            "/b/image_raw/compressedDepth": [
                compressed(png(numbers), "16UC1; compressedDepth png")
            ],
            "/b/camera_info": [info],
            "/c/image_raw": [image(numbers, "16UC1")],
            "/c/camera_info": [odd],
        },
    )
    for topic, fx, cx in [
        ("/a/image_rect", 20, 1.25),
        ("/a/image_raw", 25, 1.5),
        ("/b/image_raw/compressedDepth", 25, 1.5),
    ]:
        found = read_depth(f"{path}#{topic}").intrinsics
        assert (found.fx, found.cx) == (fx, cx)
    depth = read_depth(f"{path}#/c/image_raw")
    assert depth.intrinsics is None
    assert "/c/camera_info is of 8×3 pixels: left out" in depth.metadata.notes


STREAM = "/device_0/sensor_0/Depth_0"


@pytest.mark.parametrize(
    ("kind", "topic", "type_", "data", "per_metre"),
    [
        ("bag1", "Depth_Units", "Float32", 0.001, 1000),
        ("bag1", "Depth Units", "Float32", 0.00025, 4000),
        ("db3", "Depth_Units", "String", "0.0001", 10_000),
        ("bag1", None, "Float32", 0.001, 1000),
    ],
)
def test_recordings_of_the_realsense_sdk(tmp_path, rng, kind, topic, type_, data, per_metre):
    numbers = holey(rng, high=9000)
    info = camera(8, 6, [50, 0, 3.5, 0, 60, 2.5, 0, 0, 1], first=kind == "bag1")
    topics = {
        f"{STREAM}/image/data": [image(numbers, "mono16")],
        f"{STREAM}/info/camera_info": [info],
        "/device_0/sensor_0/Infrared_1/image/data": [image(numbers, "mono16")],
    }
    if topic is not None:
        topics[f"/device_0/sensor_0/option/{topic}/value"] = [(type_, {"data": data})]
    depth = read_depth(record(tmp_path, kind, topics))
    np.testing.assert_array_equal(depth.valid, numbers > 0)
    np.testing.assert_array_equal(depth.values, (numbers / per_metre).astype(np.float32))
    assert depth.unit == "m"
    assert f"{per_metre} per metre" in depth.encoding.meaning
    assumed = "mono16 is taken for depth in millimetres" in depth.metadata.notes
    assert assumed is (topic is None)
    assert (depth.intrinsics.fx, depth.intrinsics.cy) == (50, 2.5)


@pytest.mark.parametrize("unit", ["0", "nan", "-1", "a"])
def test_a_unit_of_depth_that_is_no_length_is_refused(tmp_path, rng, unit):
    topics = {
        f"{STREAM}/image/data": [image(holey(rng), "mono16")],
        "/device_0/sensor_0/option/Depth_Units/value": [("String", {"data": unit})],
    }
    with pytest.raises(FileError, match=r"its unit of depth is|could not convert"):
        read_depth(record(tmp_path, "bag1", topics))


def test_topics_that_are_none_or_several_are_listed(tmp_path, rng):
    numbers = holey(rng)
    path = record(
        tmp_path, "mcap", {name: [image(numbers, "16UC1")] for name in ("/front/z", "/rear/z")}
    )
    for member, says in [
        ("", r"several topics of depth images \(it has /front/z, /rear/z\): name one, .*#/front/z"),
        ("#/left", "no topic of images /left: it has /front/z, /rear/z"),
        ("#/front/z@5", f"no frame 5 of /front/z: it has 1, @{START} to @{START}"),
        (f"#/front/z@{START}-1", "no frame"),
        ("#/front/z@x", "no frame x"),
    ]:
        for act in (read_depth, lambda text: depth_files([text])):
            with pytest.raises(FileError, match=says) as caught:
                act(f"{path}{member}")
            assert "\n" not in str(caught.value)
    other = record(
        tmp_path / "other", "bag1", {"/rgb": [image(np.zeros((2, 6), np.uint8), "rgb8")]}
    )
    with pytest.raises(FileError, match=r"no topic of depth images \(it has /rgb\): name one"):
        read_depth(other)
    with pytest.raises(FileError, match="has the encoding rgb8: give a topic of 16UC1"):
        read_depth(f"{other}#/rgb")


@pytest.mark.parametrize(
    ("message", "says"),
    [
        (image(np.ones((2, 2), np.uint16), "16UC1")[1] | {"height": 3}, "promises 2×3 pixels"),
        (image(np.ones((2, 2), np.uint16), "16UC1")[1] | {"width": 3}, "promises 3×2 pixels"),
        (image(np.ones((2, 2), np.uint16), "16UC1")[1] | {"height": 0, "step": 0}, "promises 2×0"),
        (compressed(b"", "16UC1; compressedDepth png")[1], "holds 12 bytes"),
        (compressed(b"no PNG at all", "16UC1; compressedDepth png")[1], "not a PNG"),
        (compressed(png(np.ones((2, 2), np.uint8)), "16UC1; compressedDepth png")[1], "16 bits"),
        (compressed(png(np.ones((2, 2), np.uint16)), "32FC1; compressedDepth")[1], "quantisation"),
        (compressed(bytes(20), "16UC1; compressedDepth rvl")[1], "promises 0×0 pixels"),
        (compressed(b"\xff" * 20, "16UC1; compressedDepth rvl")[1], "promises 4294967295×"),
        (compressed(b"\2\0\0\0\2\0\0\0" + bytes(8), "16UC1; compressedDepth rvl")[1], "no pixels"),
    ],
)
def test_damaged_images_are_refused(tmp_path, message, says):
    name = "CompressedImage" if "format" in message else "Image"
    path = record(tmp_path, "mcap", {"/z": [(name, message)]})
    with pytest.raises(FileError, match=says) as caught:
        read_depth(path)
    assert f"#/z@{START}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["bag1", "mcap", "db3"])
@pytest.mark.parametrize("keep", [0.0, 0.01, 0.5, 0.98])
def test_recordings_cut_off_are_refused(tmp_path, rng, kind, keep):
    path = record(tmp_path, kind, {TOPIC: [image(holey(rng), "16UC1")] * 300})
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(FileError, match="damaged, or no recording") as caught:
        [read_depth(source) for source in depth_files([str(path)])]
    assert "\n" not in str(caught.value)


def test_other_files_and_folders_are_refused(tmp_path):
    for name in ("a.bag", "a.mcap", "a.db3"):
        (tmp_path / name).write_bytes(b"something else\n" * 9)
        says = re.escape(f"{tmp_path / name} is damaged, or no recording: ")
        with pytest.raises(FileError, match=f"^{says}."):
            read_depth(tmp_path / name)
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "metadata.yaml").write_text("a: [")
    with pytest.raises(FileError, match="damaged, or no recording") as caught:
        read_depth(tmp_path / "bag")
    assert "\n" not in str(caught.value)


def test_info_and_upscale_take_recordings(tmp_path, rng, capsys):
    frames = [image(1000 + holey(rng, (16, 16), 50), "16UC1") for _ in range(2)]
    path = record(tmp_path, "bag1", {TOPIC: frames})
    code, out, _ = run(capsys, "info", "--full", path)
    assert code == 0
    assert f"{path}#{TOPIC}@{START}" in out
    assert "1000 per metre" in out
    assert f"of {TOPIC}, the only topic" in out
    code, _, err = run(capsys, "upscale", path, "-o", tmp_path / "out", "--scale", "2")
    assert code == 0
    assert err.count("the only topic") == 1
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names[0] == "recording-camera_depth_image_rect_raw_1714000000123456789.png"
    assert cv2.imread(str(tmp_path / "out" / names[1]), cv2.IMREAD_UNCHANGED).shape == (32, 32)


def test_long_names_of_topics_are_cut_where_they_are_listed(tmp_path):
    colour = image(np.zeros((2, 6), np.uint8), "rgb8")
    path = record(tmp_path, "mcap", {"/" + "a" * 5000: [colour]})
    with pytest.raises(FileError, match="no topic of depth images") as error:
        read_depth(path)
    assert len(str(error.value)) < 1500


@pytest.mark.parametrize("frames", [1, 2])
def test_names_of_topics_are_said_in_one_short_line(tmp_path, rng, frames):
    depth = rng.integers(1, 9000, (4, 6)).astype(np.uint16)
    path = record(tmp_path, "mcap", {"/a\n" + "b" * 5000: [image(depth, "16UC1")] * frames})
    if frames == 1:
        (note, *_) = read_depth(path).metadata.notes
        assert note.startswith("of /a bbb")
        assert len(note) < 500
    for member in ("#no\nne", *([""] if frames == 2 else [])):
        with pytest.raises(FileError) as error:
            read_depth(f"{path}{member}")
        assert len(str(error.value)) < 1800
        assert "\n" not in str(error.value)
