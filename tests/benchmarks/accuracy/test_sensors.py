from __future__ import annotations

import pytest

from benchmarks.accuracy import sensors
from benchmarks.accuracy.sensor_frames import SENSORS
from benchmarks.accuracy.sensor_methods import OURS, PEERS


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(sensors, "SIZE", (48, 64))
    monkeypatch.setattr(sensors, "LR_SIZE", (12, 16))
    monkeypatch.setattr(sensors, "SETTLING", 1)


def test_truth_and_frames_are_of_one_scene(small):
    for one in sensors.seen(1, 2):
        depth = one.frames.maps()[0]
        target = sensors.rendered(one.sequence, 2, (12, 16))[0, 0].numpy()
        assert one.frames.focal == pytest.approx(0.9 * 16)
        assert (one.frames.baseline is not None) == (one.sensor == "active stereo")
        error = abs(depth.values - target)[depth.valid]
        assert sorted(error)[len(error) // 2] < 0.03, one.sensor
        assert 0.3 < target.min() < target.max() <= sensors.FURTHEST


def test_every_method_is_scored_on_every_sensor(small):
    pytest.importorskip("pyrealsense2", exc_type=ImportError)
    found = sensors.measure(1, 3)
    keys = [(row["sensor"], row["scale"], row["method"]) for row in found["rows"]]
    assert keys == [(s, f, m) for s in SENSORS for f in (2, 4) for m in (*PEERS, *OURS)]
    for row in found["rows"]:
        assert 0 < row["mae_mm"] < row["rmse_mm"]["still"] + row["rmse_mm"]["moving"]
        assert 0 <= row["holes"] < 0.5
        if row["method"].endswith(("--fill", "all three")) and "dsdmsr" in row["method"]:
            assert row["holes"] == 0
    assert all(sum(chosen.values()) == 2 for chosen in found["chosen"].values())


def test_too_few_frames_are_refused_before_any_work(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["sensors", "--frames", "3"])
    with pytest.raises(SystemExit):
        sensors.main()
    assert "--frames is 3: give 5 or more" in capsys.readouterr().err
