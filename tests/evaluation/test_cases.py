from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from testing.evaluations import example_protocol

from dsdmsr.degradation.degrade import degrade
from dsdmsr.errors import ConfigError, DataError
from dsdmsr.evaluation.cases import cases
from dsdmsr.evaluation.ground_truth import own_ground_truth, protocol_ground_truth
from dsdmsr.evaluation.measure import predict
from dsdmsr.evaluation.methods import BASELINES, FILTERS, HighRes, baseline
from dsdmsr.evaluation.protocols import PROTOCOLS, MapSet, Scene


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
def test_what_a_ground_truth_is_rounded_to_is_found(tmp_path, rng, step, encoding, found):
    values = rng.uniform(2, 9, (24, 32))
    if step:
        values = np.round(values / step) * step
    file = tmp_path / ("m.png" if encoding == "levels" else "m.npy")
    if encoding == "levels":
        Image.fromarray(values.astype(np.uint8)).save(file)
    else:
        np.save(file, values.astype(np.float32))
    (case,) = cases(example_protocol(), own_ground_truth([file], encoding)[0], (2,))
    assert case.rounding == found


def test_missing_damaged_and_small_maps_are_named(map_folder):
    protocol = example_protocol(sets=(MapSet(name="S", title="", folder="no", scenes=()),))
    assert protocol_ground_truth(protocol, map_folder) == []
    other = example_protocol(
        sets=(MapSet(name="S", title="", folder="maps", scenes=(Scene(name="two"),)),)
    )
    with pytest.raises(DataError, match=r"maps/two\.png is missing"):
        protocol_ground_truth(other, map_folder)
    protocol = example_protocol()
    (file,) = protocol_ground_truth(protocol, map_folder)
    with pytest.raises(DataError, match="is 5×7: too small to be downsampled by 8"):
        list(cases(protocol, file, (8,)))
    file.path.write_bytes(file.path.read_bytes()[:50])
    with pytest.raises(DataError, match="cannot be used"):
        list(cases(protocol, file, (2,)))


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
    protocol = example_protocol(sets=(maps,), dropped=0)
    (file,) = protocol_ground_truth(protocol, tmp_path)
    (case,) = cases(protocol, file, (2,))
    np.testing.assert_allclose(case.target, 100.0 * truth[:16, :20])
    assert case.counted.sum() == 4 * 8
    assert case.unit == "cm"
    # Only grey levels are rounded.
    flat = predict(protocol, case, lambda _: HighRes(np.full((16, 20), 1.7)))
    assert flat.values[0, 0] == 1.7


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
