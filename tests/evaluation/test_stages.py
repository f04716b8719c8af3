from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from dsdmsr.degradation.degrade import degrade
from dsdmsr.evaluation.cases import cases
from dsdmsr.evaluation.ground_truth import own_ground_truth
from dsdmsr.evaluation.network_method import Network
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.evaluation.stages import PREDICTION, stage_outputs, stage_panel, stage_scores
from dsdmsr.pictures.panels import plot_panel
from dsdmsr.upscaling.torch_backend import TorchBackend


@pytest.fixture
def case(tmp_path, rng):
    truth = rng.integers(1, 256, (24, 36)).astype(np.uint8)
    truth[:8, :8] = 0
    Image.fromarray(truth).save(tmp_path / "one.png")
    (found,) = cases(PROTOCOLS["a"], own_ground_truth([tmp_path / "one.png"], "levels")[0], [4])
    return found


def test_the_last_stage_is_the_prediction_and_all_are_measured_against_their_target(
    case, tiny_model
):
    outputs = stage_outputs(tiny_model, case, "bicubic")
    pred = Network(TorchBackend(tiny_model, "cpu"))(case.low_res[0]).values
    assert [(output.scale, output.pred.shape) for output in outputs] == [
        (2, (12, 18)),
        (4, (24, 36)),
    ]
    low, high = (f(case.low_res[0].values[case.low_res[0].valid]) for f in (np.min, np.max))
    kept = np.clip(
        outputs[1].pred, max(low - 0.1 * (high - low), low / 2), high + 0.1 * (high - low)
    )
    np.testing.assert_allclose(kept[case.counted], pred[case.counted], atol=1e-3)
    half, valid = degrade(
        torch.from_numpy(case.target)[None, None],
        2,
        "bicubic",
        torch.from_numpy(case.counted)[None, None],
    )
    np.testing.assert_array_equal(outputs[0].target, half[0, 0].numpy())
    np.testing.assert_array_equal(outputs[0].valid, valid[0, 0].numpy())
    assert not outputs[0].valid[:4, :4].any()
    scores = {f.output: f for f in stage_scores(case, "tiny", outputs, pred)}
    assert list(scores) == ["×2", "×4", PREDICTION]
    error = (outputs[0].pred - outputs[0].target)[outputs[0].valid]
    assert scores["×2"].rmse == pytest.approx(np.sqrt(np.mean(error**2)))
    assert scores["×2"].mae == pytest.approx(np.mean(np.abs(error)))
    span = np.ptp(case.target[case.counted])
    assert scores["×2"].psnr == pytest.approx(20 * np.log10(span / scores["×2"].rmse))


def test_a_panel_shows_every_stage_beside_its_target(case, tiny_model):
    outputs = stage_outputs(tiny_model, case, "bicubic")
    panel = stage_panel("one", case, outputs, outputs[1].pred)
    assert [scale for scale, _, _ in panel.stages] == [2, 4]
    assert panel.unit == "grey levels 0-255"
    assert plot_panel(panel).width == 520


def test_targets_of_stages_sit_where_the_degradation_puts_pixels(case, tiny_model):
    outputs = stage_outputs(tiny_model, case, "interval")
    np.testing.assert_array_equal(outputs[0].target, case.target[::2, ::2])
