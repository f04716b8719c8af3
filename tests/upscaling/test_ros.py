"""Live ROS images: frames of a bag through the upscaler into another bag, read back."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import Reader, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from dsdmsr import Upscaler, read_depth
from dsdmsr.errors import ConfigError, DepthError, ScaleError
from dsdmsr.io.patterns import depth_files
from dsdmsr.io.png import pack_png
from dsdmsr.io.ros_images import image_map
from dsdmsr.io.rvl import pack_rvl
from dsdmsr.upscaling.ros import RosOptions, RosUpscaler
from tools.source_files import recordings

TYPES = get_typestore(Stores.ROS2_HUMBLE)
IMAGE, INFO = "/camera/depth/image_rect_raw", "/camera/depth/camera_info"
K = [150, 0, 9.5, 0, 150, 7.5, 0, 0, 1]
P = [140, 0, 9.0, -7, 0, 140, 7.0, 0, 0, 0, 1, 0]
OPTIONS = RosOptions(scale=2)
FORMS = ["16UC1", "32FC1", "16UC1; compressedDepth png", "16UC1; compressedDepth rvl"]


def header(number):
    stamp = TYPES.types["builtin_interfaces/msg/Time"](sec=number, nanosec=5)
    return TYPES.types["std_msgs/msg/Header"](stamp=stamp, frame_id="depth_optical_frame")


def surfaces(number, shape=(16, 20)):
    """Return millimetres of two slopes, with a hole; none at all for number 2."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    millimetres = 1000 + 4 * rows + 3 * columns + np.where(columns > 7 + number, 700, 0)
    millimetres[3:6, 2:5] = 0
    return (millimetres * (number != 2)).astype(np.uint16)


def image(form, number, big=False, padding=0):
    numbers = surfaces(number)
    if form.startswith("32FC1"):
        numbers = np.where(numbers > 0, numbers / 1000, np.nan).astype(np.float32)
    if "compressed" in form:
        rvl = struct.pack("<II", numbers.shape[1], numbers.shape[0]) + pack_rvl(numbers)
        named = recordings.compressed(rvl if "rvl" in form else pack_png(numbers), form)
    else:
        named = recordings.image(numbers, form, big, padding)
    message = recordings._filled(TYPES, named)
    message.header = header(number)
    return message


def info(number):
    message = recordings._filled(TYPES, recordings.camera(20, 16, K, P))
    message.header, message.distortion_model = header(number), "plumb_bob"
    message.d = np.array([0.1, -0.2, 0, 0, 0.05])
    return message


def write(path, plugin, topics):
    with Writer(path, version=9, storage_plugin=plugin) as writer:
        for topic, messages in topics.items():
            kind = messages[0].__msgtype__
            connection = writer.add_connection(topic, kind, typestore=TYPES)
            for number, message in enumerate(messages):
                writer.write(connection, 1000 + number, TYPES.serialize_cdr(message, kind))


def read(path):
    """Return topic → its messages."""
    found = {}
    with Reader(path) as reader:
        for connection, _, content in reader.messages():
            message = TYPES.deserialize_cdr(content, connection.msgtype)
            found.setdefault(connection.topic, []).append(message)
    return found


@pytest.fixture(scope="module")
def upscaler():
    return Upscaler.from_pretrained(OPTIONS.model, scale=OPTIONS.scale)


@pytest.mark.parametrize("plugin", [StoragePlugin.SQLITE3, StoragePlugin.MCAP])
@pytest.mark.parametrize("form", FORMS)
def test_a_bag_becomes_a_larger_one(tmp_path, upscaler, plugin, form):
    sent = {IMAGE: [image(form, n) for n in (1, 2, 3)], INFO: [info(n) for n in (1, 2, 3)]}
    write(tmp_path / "small", plugin, sent)
    small, live = read(tmp_path / "small"), RosUpscaler(upscaler)
    pairs = [live(*both) for both in zip(small[IMAGE], small[INFO], strict=True)]
    images, infos = zip(*pairs, strict=True)
    write(tmp_path / "large", plugin, {IMAGE: list(images), INFO: list(infos)})
    large = read(tmp_path / "large")
    for number, (got, camera) in enumerate(zip(large[IMAGE], large[INFO], strict=True), start=1):
        assert got.header == camera.header == header(number)
        assert (camera.width, camera.height) == (40, 32)
        assert camera.k.tolist() == [300, 0, 19.5, 0, 300, 15.5, 0, 0, 1]
        assert camera.p.tolist() == [280, 0, 18.5, -14, 0, 280, 14.5, 0, 0, 0, 1, 0]
        assert camera.d.tolist() == [0.1, -0.2, 0, 0, 0.05]
        assert camera.r.tolist() == np.eye(3).ravel().tolist()
        assert camera.distortion_model == "plumb_bob"
    frames = [depth_files([f"{tmp_path / name}#{IMAGE}"]) for name in ("small", "large")]
    for number, (source, target) in enumerate(zip(*frames, strict=True), start=1):
        got = read_depth(target)
        if number == 2:
            assert got.shape == (32, 40)
            assert not got.valid.any()
            continue
        expected = upscaler(read_depth(source))
        np.testing.assert_array_equal(got.valid, expected.valid)
        values = expected.values
        if form.startswith("16UC1"):
            values = (np.floor(values.astype(float) * 1000 + 0.5) / 1000).astype(np.float32)
        np.testing.assert_array_equal(got.values, values * got.valid)
        assert (got.intrinsics.fx, got.intrinsics.cx) == (280, 18.5)


def test_bytes_may_be_of_the_other_order_and_rows_longer(upscaler):
    live = RosUpscaler(upscaler)
    plain, _ = live(image("32FC1", 1))
    odd, camera = live(image("32FC1", 1, big=True, padding=8))
    np.testing.assert_array_equal(odd.data, plain.data)
    assert (odd.step, odd.is_bigendian) == (plain.step, 0)
    assert camera is None


def test_quantised_frames_are_those_of_the_upscaler_to_a_step(upscaler):
    a, b = 100.0 * 101.0, 1 - 100.0 * 101.0 / 10
    inverse = np.floor(a / np.fmax(surfaces(1) / 1000, 0.1) + b + 0.5)
    numbers = np.where(surfaces(1) > 0, inverse, 0).astype(np.uint16)
    form = "32FC1; compressedDepth png"
    source = recordings._filled(TYPES, recordings.compressed(pack_png(numbers), form, a, b))
    got, expected = image_map(RosUpscaler(upscaler)(source)[0]), upscaler(image_map(source))
    np.testing.assert_array_equal(got.valid, expected.valid)
    step = expected.values[got.valid] ** 2 / a
    assert (np.abs(got.values - expected.values)[got.valid] <= 0.51 * step).all()


def test_a_camera_of_another_size_is_refused_and_the_next_frame_taken(upscaler):
    live, other = RosUpscaler(upscaler), info(1)
    other.width = 40
    with pytest.raises(DepthError, match=r"20×16 pixels, its camera_info 40×16"):
        live(image("16UC1", 1), other)
    assert live(image("16UC1", 1), info(1))[1].width == 40


def test_the_camera_gets_the_stamp_of_its_image(upscaler):
    larger, camera = RosUpscaler(upscaler)(image("16UC1", 3), info(1))
    assert camera.header == larger.header == header(3)


def test_the_first_frame_with_depth_decides_for_all():
    live = RosUpscaler.from_options(RosOptions(scale=2, model="auto"))
    live(image("16UC1", 2))
    assert live.take_remarks() == ()
    live(image("mono16", 1))
    remarks = live.take_remarks()
    assert remarks[0] == "mono16 is taken for depth in millimetres"
    assert "frames are upscaled by dsdmsr-base, by its weights for any degradation" in remarks
    live(image("16UC1", 3))
    assert live.take_remarks() == ()


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"scale": 17}, ScaleError, "scale is 17"),
        ({"queue": 0}, ConfigError, "queue is 0"),
        ({"degradation": "cubic"}, ConfigError, "degradation is 'cubic'"),
        ({"edges": "hard"}, ConfigError, "hard"),
        ({"transport": "theora"}, ConfigError, "transport is 'theora': allowed are raw, comp"),
    ],
)
def test_options_out_of_range_are_refused_in_a_line(options, error, says):
    with pytest.raises(error, match=says) as caught:
        RosOptions(**options)
    assert "\n" not in str(caught.value)


def test_cameras_need_a_scale_and_the_phase_centre(upscaler):
    frame = image("16UC1", 1)
    for other in (
        Upscaler(upscaler.backend, size=(24, 30)),
        Upscaler(upscaler.backend, scale=2, phase="corner"),
    ):
        live = RosUpscaler(other)
        larger, _ = live(frame)
        assert (larger.height, larger.width) == other.size.goal(16, 20)[1:3]
        with pytest.raises(ConfigError, match="give these, or images alone"):
            live(frame, info(1))


def test_the_documented_example_runs():
    page = Path(__file__).resolve().parents[2] / "docs" / "hosts.md"
    code = page.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    names = {"image": image("16UC1", 1), "info": info(1)}
    exec(code, names)
    assert (names["larger"].width, names["larger_info"].height) == (80, 64)
