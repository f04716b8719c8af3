"""Topics and numbers of the RealSense SDK."""

from __future__ import annotations

import pytest

from dsdmsr.io.realsense import (
    camera_topic,
    encoding_in,
    is_depth_stream,
    is_depth_unit,
    unit_encoding,
)

STREAM = "/device_0/sensor_12/Depth_3/image/data"
UNIT = "/device_0/sensor_12/option/Depth_Units/value"


@pytest.mark.parametrize(
    "other",
    [
        STREAM[1:],
        STREAM + "/more",
        "/more" + STREAM,
        STREAM.replace("Depth", "Infrared"),
        STREAM.replace("data", "info"),
        STREAM.replace("_12", "_"),
    ],
)
def test_a_topic_of_depth_has_one_name(other):
    assert is_depth_stream(STREAM)
    assert camera_topic(STREAM) == "/device_0/sensor_12/Depth_3/info/camera_info"
    assert not is_depth_stream(other)
    assert camera_topic(other) is None
    assert unit_encoding(other, {UNIT: "0.001"}) is None


def test_a_topic_of_units_has_two_names():
    assert is_depth_unit(UNIT)
    assert is_depth_unit(UNIT.replace("_U", " U"))
    for other in (UNIT[1:], UNIT + "s", UNIT.replace("Units", "Unit"), UNIT.replace("_U", "-U")):
        assert not is_depth_unit(other)


def test_the_unit_is_that_of_the_same_sensor():
    said = {UNIT.replace("12", "1"): "0.5", UNIT: "0.00025"}
    assert unit_encoding(STREAM, said).per_unit == 4000
    assert unit_encoding(STREAM, {UNIT.replace("12", "1"): "0.5"}) is None
    assert unit_encoding(STREAM, {}) is None


@pytest.mark.parametrize(
    ("unit", "per_metre"), [(0.001, 1000), (0.0010000000474974513, 1000), (0.00025, 4000), (2, 0.5)]
)
def test_a_unit_is_read_to_six_digits(unit, per_metre):
    encoding = encoding_in(unit)
    assert encoding.per_unit == per_metre
    assert encoding.meaning == f"16-bit, {per_metre:g} per metre, 0 = no depth (RealSense)"
    assert (encoding.unit, encoding.largest, encoding.invalid) == ("m", 65535, 0)


@pytest.mark.parametrize(
    ("unit", "said"), [(0, "0"), (-0.001, "-0.001"), (float("inf"), "inf"), (float("nan"), "nan")]
)
def test_a_unit_is_a_length(unit, said):
    with pytest.raises(ValueError, match=f"^its unit of depth is {said} m$"):
        encoding_in(unit)
