from __future__ import annotations

import numpy as np
import torch
from testing.command import refused, run

import dsdmsr
from dsdmsr import degrade, read_depth
from dsdmsr.data.scenes.rendered import render_sample


def test_the_sample_is_a_small_map_and_its_truth(capsys, tmp_path):
    folder = tmp_path / "s[b] [/a]"
    code, out, _ = run(capsys, "sample", folder)
    assert code == 0
    assert out.count(f"wrote {folder}") == 2
    small, large = (read_depth(folder / f"{n}_depth.png") for n in ("lr", "hr"))
    assert (small.shape, large.shape) == ((120, 160), (480, 640))
    truth = torch.from_numpy(large.values.copy())[None, None]
    np.testing.assert_allclose(small.values, degrade(truth, 4)[0][0, 0], atol=0.0012)


def test_what_sample_refuses(capsys, tmp_path):
    (tmp_path / "lr_depth.png").write_text("mine")
    for arguments, says in [
        ((tmp_path,), "exists"),
        ((tmp_path / "x", "--seed", -1), "give 0 to"),
        ((tmp_path / "x", "--seed", 2**64), "give 0 to"),
    ]:
        assert says in refused(capsys, "sample", *arguments)
    assert (tmp_path / "lr_depth.png").read_text() == "mine"
    assert not (tmp_path / "hr_depth.png").exists()


def test_the_packaged_sample_is_scene_9(capsys, tmp_path):
    for packaged, rendered in zip(dsdmsr.sample(), reversed(render_sample(9)), strict=True):
        np.testing.assert_allclose(packaged.values, rendered.values, atol=0.000501)
        assert (packaged.unit, packaged.encoding) == ("m", "mm")
    assert run(capsys, "sample", tmp_path / "a")[0] == 0
    assert run(capsys, "sample", tmp_path / "b", "--seed", 10)[0] == 0
    first, other = (read_depth(tmp_path / name / "hr_depth.png") for name in "ab")
    np.testing.assert_array_equal(first.values, dsdmsr.sample()[1].values)
    assert not np.array_equal(first.values, other.values)
