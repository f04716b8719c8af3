from __future__ import annotations

import numpy as np

from dsdmsr.evaluation.cases import cases
from dsdmsr.evaluation.crops import error_crop
from dsdmsr.evaluation.ground_truth import own_ground_truth
from dsdmsr.evaluation.measure import measure_case
from dsdmsr.evaluation.methods import BASELINES
from dsdmsr.evaluation.protocols import PROTOCOLS


def test_a_crop_shows_the_place_where_methods_differ(tmp_path):
    from PIL import Image

    truth = np.full((256, 256), 80, np.uint8)
    truth[160:200, 170:230] = 200
    Image.fromarray(truth).save(tmp_path / "m.png")
    (file,) = own_ground_truth([tmp_path / "m.png"])
    (case,) = cases(PROTOCOLS["a"], file, (4,))
    methods = {name: BASELINES[name] for name in ("nearest", "bicubic")}
    crop = error_crop(case, measure_case(PROTOCOLS["a"], case, methods).preds)
    assert crop.top <= 160 <= crop.top + 96
    assert crop.left <= 230 <= crop.left + 96
    assert crop.span == (80, 200)
    assert [p.title for p in crop.pictures] == ["input", "ground truth", "nearest", "bicubic"]
    assert all(p.error for p in crop.pictures[2:])
