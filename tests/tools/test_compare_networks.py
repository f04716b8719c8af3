from __future__ import annotations

import numpy as np
import pytest
import torch

from dsdmsr.evaluation.ground_truth import own_ground_truth
from dsdmsr.evaluation.methods import baseline
from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.zoo.torch_networks import from_pretrained, save_pretrained
from tools import compare_networks

CONFIG = ModelConfig(scale=2, width=(4,), depth=(1,), fusion="none")


def test_others_are_shares_of_the_first_by_set_and_factor(tmp_path, rng):
    x = np.indices((128, 192))[1]
    np.save(tmp_path / "a.npy", (2 + np.sin(x / 20) + 3 * (x > 90)).astype(np.float32))
    np.save(tmp_path / "b.npy", rng.integers(1, 99, (128, 192)).astype(np.uint16))
    sets = {
        name: own_ground_truth([tmp_path / f"{name}.npy"], encoding)
        for name, encoding in (("a", "metres"), ("b", "mm"))
    }
    methods = {name: baseline(name) for name in ("bicubic", "nearest")}
    rows = compare_networks.compare(methods, sets, (2, 4))
    assert [row[:2] for row in rows] == [["a", "×2"], ["a", "×4"], ["b", "×2"], ["b", "×4"]]
    for row in rows[:2]:
        rmse, times, rough, rougher = map(float, row[2:])
        assert min(rmse, rough) > 0
        assert min(times, rougher) > 1
    # Roughness says nothing of maps that are rounded.
    assert [row[4:] for row in rows[2:]] == [["–", "–"]] * 2
    lines = compare_networks.table(list(methods), rows).splitlines()
    assert len(lines) == 6
    assert "rmse of bicubic | nearest over it | roughness of bicubic" in lines[0]


def test_means_are_of_the_shares(tmp_path):
    for seed, name in enumerate(("one", "other")):
        torch.manual_seed(seed)
        save_pretrained(DSDMSR(CONFIG), tmp_path / name, f"---\nlicense: x\n---\n# {name}\n")
    one, other = (str(tmp_path / name) for name in ("one", "other"))
    made = compare_networks.of_shares(one, other, (0.25, 0.75), tmp_path / "means")
    assert list(made) == ["mean, 25%", "mean, 75%"]
    for share, folder in zip((0.25, 0.75), made.values(), strict=True):
        values = zip(
            *(from_pretrained(each).state_dict().values() for each in (one, other, folder)),
            strict=True,
        )
        for before, after, mean in values:
            torch.testing.assert_close(mean, torch.lerp(before, after, share), atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(("maps", "count"), [(2, 2), (9, 5)])
def test_of_each_set_some_maps_are_taken(tmp_path, monkeypatch, maps, count):
    every = [object() for _ in range(5)]
    monkeypatch.setattr(compare_networks, "train_sets", lambda _: {"a": every, "none": []})
    monkeypatch.setattr(compare_networks, "files", lambda *_: [("b", one) for one in every])
    sets = compare_networks.some_of_all_sets(tmp_path, tmp_path, maps)
    assert list(sets) == ["a", "b"]
    assert {len(of) for of in sets.values()} == {count}
    assert sets["a"][0] is every[0]
