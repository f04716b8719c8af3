from __future__ import annotations

import re

import numpy as np
import torch
from PIL import Image
from testing.command import refused, run

from dsdmsr import degrade
from dsdmsr.data.scenes.rendered import render_depth


def test_info_says_what_a_file_is(capsys, tmp_path):
    numbers = np.array([[0, 1000, 1500], [2000, 2000, 4000]], np.uint16)
    Image.fromarray(numbers).save(tmp_path / "a.png")
    np.save(tmp_path / "b.npy", np.zeros((2, 2), np.float32) + 0.5)
    code, out, _ = run(capsys, "info", tmp_path / "a.png", tmp_path / "b.npy")
    assert code == 0
    for line in (
        "size      3×2, uint16",
        "encoding  mm: 16-bit, 1000 per metre",
        "assumed, --encoding changes it",
        "kind      depth, in metres",
        "holes     1 of 6 pixels (16.7%)",
        "range     1 to 4 m, median 2 m",
        "levels    4 different values",
        "from           1 m",
        "40.0%",
        "size      2×2, float32",
        "kind      depth, unit unknown",
        "range     0.5 to 0.5",
    ):
        assert line in out
    assert "noise" not in out
    noisy = np.random.default_rng(0).normal(2000, 20, (40, 40)).astype(np.uint16)
    Image.fromarray(noisy).save(tmp_path / "noisy.png")
    _, out, _ = run(capsys, "info", tmp_path / "noisy.png")
    assert re.search(r"noise     about 0\.0(19|2|21) m \(0\.1\d+ of the range\), an estimate", out)
    code, out, _ = run(capsys, "info", tmp_path / "a.png", "--encoding", "kitti")
    assert "kitti" in out
    assert "assumed" not in out
    assert "does not exist" in refused(capsys, "info", tmp_path / "c.png")
    (tmp_path / "d.png").write_bytes(b"no picture")
    code, out, err = run(capsys, "info", tmp_path / "d.png", tmp_path / "b.npy")
    assert (code, "d.png" in err, "float32" in out) == (1, True, True)
    assert "is unknown" in refused(capsys, "info", tmp_path / "a.png", "--encoding", "cm")


def test_info_tells_averages_from_samples(capsys, tmp_path):
    truth = np.array(render_depth(2**40 + 7, 1, (480, 640)).values)
    large = torch.from_numpy(truth)[None, None]
    for made, looks in (("bicubic", "downsampled by averaging"), ("interval", "sampled")):
        small, _ = degrade(large, 4, made, torch.ones_like(large, dtype=torch.bool))
        np.save(tmp_path / f"{made}.npy", small[0, 0].numpy())
        assert f"in between: looks {looks}" in run(capsys, "info", tmp_path / f"{made}.npy")[1]
    np.save(tmp_path / "flat.npy", np.ones((40, 40), np.float32))
    assert "in between" not in run(capsys, "info", tmp_path / "flat.npy")[1]
