from __future__ import annotations

from collections import Counter
from itertools import islice, pairwise

import pytest
import torch
from torch.utils.data import DataLoader

from dsdmsr.data.batches import Batches, CropMix, make_batch
from dsdmsr.data.crops import Synthetic
from dsdmsr.data.scenes.cutouts import CutoutConfig
from dsdmsr.data.scenes.render import SceneConfig, render_scenes
from dsdmsr.data.scenes.sensing import SensingConfig
from dsdmsr.errors import ConfigError

MIXES = (CropMix(scale=2, crop=16, batch=3, share=3), CropMix(scale=8, crop=32, batch=2))


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("workers", [0, 1, 2])
def test_batches_depend_on_seed_and_number_alone(workers):
    data = Batches(5, MIXES, Synthetic(SceneConfig()), start=10)
    loader = DataLoader(data, batch_size=None, num_workers=workers)
    for number, batch in zip(range(10, 17), loader, strict=False):
        expected = make_batch(5, number, MIXES, Synthetic(SceneConfig()))
        assert batch.scale == expected.scale
        assert torch.equal(batch.hr_depth, expected.hr_depth)
        assert batch.valid.all()
        assert batch.series == expected.series == 3 * number


def test_factors_come_as_often_as_their_shares_say():
    few = Synthetic(SceneConfig(ray_cast=0, cutouts=CutoutConfig(objects=(2, 3))))
    scales = Counter(make_batch(1, k, MIXES, few).scale for k in range(200))
    assert 0.65 < scales[2] / 200 < 0.85
    shapes = {
        b.scale: tuple(b.hr_depth.shape)
        for b in islice(iter(Batches(1, MIXES, Synthetic(SceneConfig()))), 30)
    }
    assert shapes == {2: (3, 1, 16, 16), 8: (2, 1, 32, 32)}


def test_holes_are_turned_with_their_scenes():
    scenes = SceneConfig(sensing=SensingConfig(holes=1, shadow=(4, 8)))
    turned = 0
    for number in range(6):
        batch = make_batch(2, number, MIXES, Synthetic(scenes))
        size = tuple(batch.hr_depth.shape[2:])
        numbers = range(batch.series, batch.series + len(batch.hr_depth))
        depths, valids = render_scenes(2, numbers, size, scenes)
        for crop, valid, depth, was in zip(
            batch.hr_depth, batch.valid, depths, valids, strict=True
        ):
            hidden, was_hidden = crop[~valid].abs(), depth[~was].abs()
            assert torch.equal(hidden.sort().values, was_hidden.sort().values)
            turned += not torch.equal(valid, was)
    assert turned > 3


def test_no_two_crops_are_the_same():
    source = Synthetic(SceneConfig())
    crops = [c for k in range(8) for c in make_batch(1, k, MIXES[1:], source).hr_depth]
    assert len({c.numpy().tobytes() for c in crops}) == len(crops)


@pytest.mark.parametrize("values", [{"crop": 20, "scale": 8}, {"batch": 0}, {"scale": 6}])
def test_mixes_that_make_no_sense_are_refused(values):
    with pytest.raises(ConfigError):
        CropMix(**{"scale": 2, "crop": 16, "batch": 1, **values})


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("workers", [0, 2, 3])
def test_crops_are_used_again_in_other_poses(workers):
    count = 2 * 16 * 4 * 3
    few = Synthetic(SceneConfig(ray_cast=0, cutouts=CutoutConfig(objects=(2, 3))))
    data = Batches(5, MIXES, few, uses=3)
    loader = DataLoader(data, batch_size=None, num_workers=workers)
    batches = list(islice(loader, count))
    uses = Counter(tuple(batch.names) for batch in batches)
    assert len(uses) == count // 3
    assert set(uses.values()) == {3}
    assert [batch.series for batch in batches] == [3 * k for k in range(count)]
    assert [batch.numbers[0] for batch in batches] == [3 * k for k in range(count)]
    different = {batch.hr_depth.numpy().tobytes() for batch in batches}
    assert len(different) > 0.9 * count
    names = [list(batch.names) for batch in batches]
    assert sum(a == b for a, b in pairwise(names)) == 0

    later = islice(iter(Batches(5, MIXES, few, 100, uses=3)), 5)
    for batch, again in zip(batches[100:], later, strict=False):
        assert torch.equal(batch.hr_depth, again.hr_depth)
