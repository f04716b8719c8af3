from __future__ import annotations

import csv
import dataclasses
from importlib import resources

import numpy as np
import pytest
import torch
from PIL import Image
from testing.backends import Repeating

from dsdmsr.degradation.degrade import degrade
from dsdmsr.degradation.resample import resize
from dsdmsr.errors import ConfigError, DataError
from dsdmsr.evaluation import methods
from dsdmsr.evaluation.cases import cases
from dsdmsr.evaluation.ground_truth import own_ground_truth, protocol_ground_truth
from dsdmsr.evaluation.measure import PROFILE, measure_case, predict
from dsdmsr.evaluation.methods import BASELINES, FILTERS, HighRes, LowRes, Network, baseline
from dsdmsr.evaluation.protocols import PROTOCOLS, MapSet, Protocol, Scene
from dsdmsr.evaluation.published import published
from dsdmsr.evaluation.results import METRICS
from dsdmsr.upscaling.window import Window
from dsdmsr.zoo.names import DEFAULT_MODEL
from dsdmsr.zoo.torch_networks import for_known, from_pretrained


def rows(letter: str, method: str) -> dict[tuple[str, str, int], float]:
    text = (resources.files("dsdmsr.evaluation") / "published.csv").read_text()
    return {
        (row["set"], row["scene"], int(row["scale"])): float(row["value"])
        for row in csv.DictReader(text.splitlines())
        if (row["protocol"], row["method"]) == (letter, method)
        and row["metric"] == PROTOCOLS[letter].metric
    }


def measured(letter: str, method: str, data_dir) -> dict[tuple[str, str, int], float]:
    """The protocol's figure of a baseline, for every row that is published."""
    protocol, expected, made = PROTOCOLS[letter], rows(letter, method), {}
    assert expected
    for file in protocol_ground_truth(protocol, data_dir):
        wanted = [s for s in protocol.scales if (file.set, file.scene, s) in expected]
        for case in cases(protocol, file, wanted):
            errors = []
            for seed in range(protocol.seeds):
                pred = predict(protocol, case, BASELINES[method], seed).values
                error = (pred - case.target)[case.counted]
                square = protocol.metric == "rmse"
                errors.append(np.sqrt(np.mean(error**2)) if square else np.mean(np.abs(error)))
            made[file.set, file.scene, case.scale] = float(np.mean(errors))
    return made


@pytest.mark.parametrize(
    ("letter", "method", "count", "tolerance"),
    [
        ("a", "bicubic", 52, 0.005),
        ("a", "nearest", 12, 0.005),
        ("a", "bilinear", 12, 0.005),
        ("e", "bicubic", 18, 0.01),
        ("b", "bilinear", 6, 0.1),
        ("b", "nearest", 6, 0.1),
    ],
)
def test_baselines_reproduce_every_figure_of_theirs(data_dir, letter, method, count, tolerance):
    expected, made = rows(letter, method), measured(letter, method, data_dir)
    assert len(expected) == count
    assert made.keys() == expected.keys()
    for key, value in expected.items():
        assert made[key] == pytest.approx(value, abs=tolerance), key


def test_bicubic_reproduces_the_means_known_for_lu(data_dir):
    protocol = PROTOCOLS["d"]
    errors: dict[int, list[float]] = {}
    for file in protocol_ground_truth(protocol, data_dir):
        if file.set == "lu":
            for case in cases(protocol, file, protocol.scales):
                error = predict(protocol, case, BASELINES["bicubic"]).values - case.target
                errors.setdefault(case.scale, []).append(float(np.sqrt(np.mean(error**2))))
    for row in published("d"):
        if (row.set, row.method) == ("lu", "bicubic"):
            assert np.mean(errors[row.scale]) == pytest.approx(row.value, abs=0.005)


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        (DEFAULT_MODEL, {2: 0.172, 4: 0.345, 8: 0.562, 16: 0.827}),
        ("dsdmsr-fast", {2: 0.231, 4: 0.469, 8: 0.758, 16: 1.2}),
    ],
)
def test_packaged_networks_keep_their_accuracy(name, limits, data_dir):
    """On an eighth of each map; the limits are 2.5 % above what was measured."""
    protocol = PROTOCOLS["a"]
    (maps,) = (each for each in protocol.sets if each.name == "A")
    scenes = tuple(dataclasses.replace(scene, size=(384, 480)) for scene in maps.scenes)
    maps = dataclasses.replace(maps, scenes=scenes)
    protocol = dataclasses.replace(protocol, sets=(maps,))
    method = Network(from_pretrained(name), "cpu", known=for_known(name))
    errors: dict[int, list[float]] = {}
    for file in protocol_ground_truth(protocol, data_dir):
        for case in cases(protocol, file, protocol.scales):
            error = (predict(protocol, case, method).values - case.target)[case.counted]
            errors.setdefault(case.scale, []).append(float(np.sqrt(np.mean(error**2))))
    for scale, most in limits.items():
        assert np.mean(errors[scale]) <= most


def made_protocol(**changes: object) -> Protocol:
    scene = Scene(name="one", above=9)
    values = {
        "letter": "t",
        "title": "a test",
        "degradation": "area",
        "rounded": True,
        "dropped": 1,
        "scales": (2,),
        "sets": (MapSet(name="S", title="one map", folder="maps", scenes=(scene,)),),
    }
    return Protocol(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def map_folder(tmp_path):
    (tmp_path / "maps").mkdir()
    truth = np.full((5, 7), 20, np.uint8)
    truth[0, 0] = 9
    Image.fromarray(truth).save(tmp_path / "maps" / "one.png")
    return tmp_path


@pytest.mark.parametrize(
    ("step", "encoding", "found"),
    [
        (1.0, "levels", 1.0),
        (1.0, "disparity", 1.0),
        (1 / 64, "disparity", 1 / 64),
        (0.001, "metres", 0.001),
        (0.0002, "metres", 0.0002),
        (0.0, "metres", 0.0),
        (0.0, "disparity", 0.0),
    ],
)
def test_what_a_truth_is_rounded_to_is_seen(tmp_path, rng, step, encoding, found):
    values = rng.uniform(2, 9, (24, 32))
    if step:
        values = np.round(values / step) * step
    file = tmp_path / ("m.png" if encoding == "levels" else "m.npy")
    if encoding == "levels":
        Image.fromarray(values.astype(np.uint8)).save(file)
    else:
        np.save(file, values.astype(np.float32))
    (case,) = cases(made_protocol(), own_ground_truth([file], encoding)[0], (2,))
    assert case.rounding == found


def test_rounding_dropping_cropping_and_the_level_that_counts(map_folder):
    seen = []

    def method(low_res: LowRes) -> HighRes:
        seen.append(low_res.values)
        pred = np.full((4, 6), 21.5)  # becomes 22
        pred[-1], pred[:, -1], pred[0, 0] = 90, 90, 90  # none of which counts
        pred[0, 1] = 300  # becomes 255
        return HighRes(pred)

    protocol = made_protocol()
    (file,) = protocol_ground_truth(protocol, map_folder)
    (case,) = cases(protocol, file, (2,))
    ((score,), preds) = measure_case(protocol, case, {"m": method}, with_ssim=True)
    assert preds["m"][0, 1] == 255
    assert seen[0].shape == (2, 3)
    assert seen[0][1, 1] == 20
    counted = 3 * 5 - 1
    assert score.metrics.keys() == set(METRICS) - {"coverage", "ause"}  # it expects no errors
    assert score.metrics["mae"] == pytest.approx((2 * (counted - 1) + 235) / counted)
    assert score.metrics["rmse"] == pytest.approx(np.sqrt((4 * (counted - 1) + 235**2) / counted))
    assert score.metrics["bad_pixel_rate"] == 1
    assert np.isnan(score.metrics["edge_rmse"])  # the pixel at 9 does not count
    # All of it is further from an edge than is told apart.
    assert score.profile[PROFILE] == (pytest.approx(4 * (counted - 1) + 235**2), counted)
    assert sum(count for _, count in score.profile) == counted


@pytest.mark.parametrize("degradation", ["bicubic", "area", "interval"])
def test_the_input_error_is_measured_on_the_degraded_prediction(tmp_path, degradation):
    truth = np.random.default_rng(3).uniform(1, 9, (12, 16))
    truth[:5, :6] = 0  # unknown: one small pixel has nothing to be made from
    np.save(tmp_path / "m.npy", truth)
    protocol = made_protocol(degradation=degradation)
    (file,) = own_ground_truth([tmp_path / "m.npy"], "metres")
    (case,) = cases(protocol, file, (4,))
    offsets = np.where(case.valid, 0.25, 90)
    methods = {
        "exact": lambda _: HighRes(case.target),
        "off": lambda _: HighRes(case.target + offsets),
    }
    exact, off = measure_case(protocol, case, methods).measurements
    assert exact.metrics["input_rmse"] == pytest.approx(0, abs=1e-9)
    assert off.metrics["input_rmse"] == pytest.approx(0.25)


@pytest.mark.parametrize(("noise", "covered"), [(None, 0.75), ("5", 1.0)])
def test_noisy_maps_are_allowed_more_of_the_errors_that_are_expected(map_folder, noise, covered):
    def sure(_: LowRes) -> HighRes:
        # A quarter of the pixels is off by 1.8 times what is expected, the others by as much.
        off = np.where(np.arange(6) % 2 & (np.arange(4) % 2)[:, None], 1.8, 1.0)
        return HighRes(case.target + off, np.ones((4, 6)))

    protocol = made_protocol(noise=noise, rounded=False, dropped=0)
    (file,) = protocol_ground_truth(protocol, map_folder)
    (case,) = cases(protocol, file, (2,))
    case = dataclasses.replace(case, counted=np.ones((4, 6), dtype=bool))
    (score,) = measure_case(protocol, case, {"sure": sure}).measurements
    assert score.metrics["coverage"] == pytest.approx(covered)


def test_a_set_may_use_a_part_of_its_maps_and_leave_a_border_out(tmp_path):
    (tmp_path / "maps").mkdir()
    truth = np.arange(20 * 24, dtype=np.float32).reshape(20, 24)
    np.savez(tmp_path / "maps" / "one.npz", depth=truth)
    maps = MapSet(
        name="S",
        title="",
        folder="maps",
        scenes=(Scene(name="one", size=(16, 20)),),
        suffix=".npz",
        unit="cm",
        per_unit=100,
        border=6,
    )
    protocol = made_protocol(sets=(maps,), dropped=0)
    (file,) = protocol_ground_truth(protocol, tmp_path)
    (case,) = cases(protocol, file, (2,))
    np.testing.assert_allclose(case.target, 100.0 * truth[:16, :20])
    assert case.counted.sum() == 4 * 8
    assert case.unit == "cm"
    # Only grey levels are rounded.
    flat = predict(protocol, case, lambda _: HighRes(np.full((16, 20), 1.7)))
    assert flat.values[0, 0] == 1.7


def test_missing_damaged_and_small_maps_are_named(map_folder):
    protocol = made_protocol(sets=(MapSet(name="S", title="", folder="no", scenes=()),))
    assert protocol_ground_truth(protocol, map_folder) == []
    other = made_protocol(
        sets=(MapSet(name="S", title="", folder="maps", scenes=(Scene(name="two"),)),)
    )
    with pytest.raises(DataError, match=r"maps/two\.png is missing"):
        protocol_ground_truth(other, map_folder)
    protocol = made_protocol()
    (file,) = protocol_ground_truth(protocol, map_folder)
    with pytest.raises(DataError, match="is 5×7: too small to be downsampled by 8"):
        list(cases(protocol, file, (8,)))
    file.path.write_bytes(file.path.read_bytes()[:50])
    with pytest.raises(DataError, match="cannot be used"):
        list(cases(protocol, file, (2,)))


def test_own_maps_keep_their_holes_and_unit(tmp_path, rng):
    depth = rng.uniform(1, 2, (32, 40)).astype(np.float32)
    depth[:8, :8] = np.nan
    np.save(tmp_path / "m.npy", depth)
    (tmp_path / "other").mkdir()
    np.save(tmp_path / "other" / "m.npy", depth)
    files = own_ground_truth([tmp_path / "m.npy", tmp_path / "other" / "m.npy"], "metres")
    assert files[0].scene != files[1].scene
    (case,) = cases(PROTOCOLS["a"], files[0], (4,))
    assert case.unit == "m"
    assert not case.counted[:8, :8].any()
    assert case.counted.sum() == 31 * 39 - 64
    (low_res,) = case.low_res
    assert not low_res.valid[:2, :2].any()
    for name in [*BASELINES, *FILTERS]:
        pred = predict(PROTOCOLS["a"], case, baseline(name)).values
        assert pred.shape == (32, 40)
        # Neither rounded to levels, nor pulled towards values under holes.
        assert pred.min() > 0.5
        assert not np.array_equal(pred, np.round(pred))
    for letter in ("b", "e"):
        with pytest.raises(ConfigError, match="for 8-bit grey levels only"):
            list(cases(PROTOCOLS[letter], files[0], (4,)))
    np.save(tmp_path / "none.npy", np.full((8, 8), np.nan))
    (file,) = own_ground_truth([tmp_path / "none.npy"])
    with pytest.raises(DataError, match="no valid pixel"):
        list(cases(PROTOCOLS["a"], file, (2,)))


def test_protocol_b_samples_its_noise_by_seed_and_e_rounds_low_resolution_maps(tmp_path, rng):
    truth = rng.integers(30, 200, (32, 48)).astype(np.uint8)
    Image.fromarray(truth).save(tmp_path / "m.png")
    (file,) = own_ground_truth([tmp_path / "m.png"])
    (case,) = cases(PROTOCOLS["b"], file, (2,))
    again = next(cases(PROTOCOLS["b"], file, (2,)))
    assert case.unit == "level"
    assert len(case.low_res) == 5
    clean, _ = degrade(torch.from_numpy(truth.astype(float))[None, None], 2, "bicubic")
    noise = [
        (low_res.values - clean[0, 0].numpy()) * clean[0, 0].numpy() for low_res in case.low_res
    ]
    assert np.std(noise) == pytest.approx(651, rel=0.03)
    assert abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.2
    for one, other in zip(case.low_res, again.low_res, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
    for letter, by_level in (("b-root", lambda d: np.sqrt(651 / d)), ("b-5", lambda d: 5 + 0 * d)):
        (case,) = cases(PROTOCOLS[letter], file, (2,))
        levels = clean[0, 0].numpy()
        drawn = [(low_res.values - levels) / by_level(levels) for low_res in case.low_res]
        assert np.std(drawn) == pytest.approx(1, rel=0.03)
    (case,) = cases(PROTOCOLS["e"], file, (4,))
    assert np.array_equal(case.low_res[0].values, np.round(case.low_res[0].values))


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_interval_predictions_are_shifted_to_where_low_resolution_pixels_sit(monkeypatch, scale):
    """A network that keeps slopes must hit one wherever its low-resolution pixels sit."""

    class Slopes(Repeating):
        border = 8

        def __init__(self, *_: object) -> None:
            pass

        def answer(
            self, lr_depth: np.ndarray, scale: int, window: Window, *, errors: bool = False
        ) -> np.ndarray:
            top, bottom, left, right = window.scaled(scale)
            large = resize(torch.from_numpy(lr_depth), scale, "bilinear").numpy()
            return large[..., top:bottom, left:right]

    monkeypatch.setattr(methods, "TorchBackend", Slopes)
    slope = np.add.outer(2.0 * np.arange(64), 3.0 * np.arange(64))
    inner = (slice(3 * scale, -4 * scale),) * 2
    for made in ("interval", "bicubic"):
        interval = made == "interval"
        at = slice(None, None, scale)
        values = slope[at, at] if interval else slope[at, at] + 5 * (scale - 1) / 2
        low_res = LowRes(values, np.ones(values.shape, bool), scale, made)
        for method in (BASELINES["bilinear"], BASELINES["bicubic"], Network(None, "cpu")):
            np.testing.assert_allclose(method(low_res).values[inner], slope[inner], atol=1e-3)
    nearest = BASELINES["nearest"](low_res._replace(degradation="interval")).values
    np.testing.assert_array_equal(nearest[at, at], low_res.values)


def test_unknown_methods_and_missing_opencv_are_named(monkeypatch):
    with pytest.raises(
        ConfigError, match="allowed are nearest, bilinear, bicubic, lanczos, tgv, rol"
    ):
        baseline("cubic")
    monkeypatch.setitem(__import__("sys").modules, "cv2", None)
    with pytest.raises(ConfigError, match="pip install opencv-contrib"):
        baseline("weighted-median")


def test_published_rows_say_where_they_are_from():
    letters = ("a", "b", "d", "e")
    every = [row for letter in letters for row in published(letter)]
    assert len(every) == 492
    assert {row.sees for row in every} == {
        "depth",
        "depth and colour",
        "depth; colour in training",
    }
    assert all(row.source.startswith(("published", "measured outside")) for row in every)
    assert next(r for r in every if r.method == "MS-Net").source == (
        "measured outside this repository from the released weights"
    )


def test_a_depth_below_zero_goes_in_as_signed_values_and_others_keep_their_kind():
    valid = np.ones((2, 2), bool)
    for kind, values, expected in (
        ("depth", [[1.0, 2.0], [0.0, 3.0]], "depth"),
        ("depth", [[1.0, 2.0], [-0.1, 3.0]], "disparity"),
        ("inverse_depth", [[1.0, 2.0], [-0.1, 3.0]], "inverse_depth"),
    ):
        low_res = LowRes(np.array(values), valid, 2, "bicubic", kind)
        assert low_res.to_depth_map().kind == expected
    hole = np.array([[True, True], [False, True]])
    low_res = LowRes(np.array([[1.0, 2.0], [-0.1, 3.0]]), hole, 2, "bicubic", "depth")
    assert low_res.to_depth_map().kind == "depth"
