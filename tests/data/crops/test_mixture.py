from __future__ import annotations

import pytest
import torch
from testing.prepared_sets import SCENES, source_of

from dsdmsr.data.crops import Folder, Mixture, Pyramid, Synthetic
from dsdmsr.errors import ConfigError


def test_a_mixture_samples_by_shares(maps, pyramid):
    source = Mixture([Folder(source_of(maps)), Pyramid(pyramid)], [3, 1])
    found = source.crops(0, range(200), 16)
    assert 0.65 < found.kinds.count("disparity") / 200 < 0.85
    for crop, kind in zip(found.hr_depth, found.kinds, strict=True):
        assert (crop.max() > 5) == (kind == "disparity")
    part = source.crops(0, [17, 4], 16)
    assert torch.equal(part.hr_depth, found.hr_depth[[17, 4]])
    for shares in ([], [1], [1, 0]):
        with pytest.raises(ConfigError, match="a positive share for each"):
            Mixture([Synthetic(SCENES), Synthetic(SCENES)], shares)
