from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from dsdmsr.degradation.degrade import degrade
from dsdmsr.evaluation.ground_truth import own_truths
from dsdmsr.evaluation.measure import cases
from dsdmsr.evaluation.methods import Network
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.evaluation.stages import ANSWER, panel_of, stage_figures, stages
from dsdmsr.pictures.panels import draw_panel


@pytest.fixture
def case(tmp_path, rng):
    truth = rng.integers(1, 256, (24, 36)).astype(np.uint8)
    truth[:8, :8] = 0
    Image.fromarray(truth).save(tmp_path / "one.png")
    (found,) = cases(PROTOCOLS["a"], own_truths([tmp_path / "one.png"])[0], [4])
    return found


def test_the_last_stage_is_the_answer_and_all_are_measured_against_their_truth(case, tiny_model):
    made = stages(tiny_model, case, "bicubic")
    answer = Network(tiny_model, "cpu")(case.small[0])
    assert [(stage.factor, stage.made.shape) for stage in made] == [(2, (12, 18)), (4, (24, 36))]
    low, high = (f(case.small[0].values[case.small[0].valid]) for f in (np.min, np.max))
    kept = np.clip(made[1].made, max(low - 0.1 * (high - low), low / 2), high + 0.1 * (high - low))
    np.testing.assert_allclose(kept[case.counted], answer[case.counted], atol=1e-3)
    half, valid = degrade(
        torch.from_numpy(case.target)[None, None],
        2,
        "bicubic",
        torch.from_numpy(case.counted)[None, None],
    )
    np.testing.assert_array_equal(made[0].target, half[0, 0].numpy())
    np.testing.assert_array_equal(made[0].valid, valid[0, 0].numpy())
    assert not made[0].valid[:4, :4].any()
    figures = {f.output: f for f in stage_figures(case, made, answer)}
    assert list(figures) == ["×2", "×4", ANSWER]
    error = (made[0].made - made[0].target)[made[0].valid]
    assert figures["×2"].rmse == pytest.approx(np.sqrt(np.mean(error**2)))
    assert figures["×2"].mae == pytest.approx(np.mean(np.abs(error)))
    span = np.ptp(case.target[case.counted])
    assert figures["×2"].psnr == pytest.approx(20 * np.log10(span / figures["×2"].rmse))


def test_a_panel_shows_every_stage_beside_its_truth(case, tiny_model):
    made = stages(tiny_model, case, "bicubic")
    panel = panel_of("one", case, made, made[1].made)
    assert [factor for factor, _, _ in panel.stages] == [2, 4]
    assert panel.unit == "grey levels 0-255"
    assert draw_panel(panel).width == 520


def test_where_pixels_sit_elsewhere_the_truth_on_the_way_does_too(case, tiny_model):
    made = stages(tiny_model, case, "interval")
    np.testing.assert_array_equal(made[0].target, case.target[::2, ::2])
