from __future__ import annotations

import sys

import pytest
import torch

from benchmarks.speed import gpu
from dsdmsr.zoo.torch_networks import from_pretrained


def test_without_a_gpu_it_says_so_and_writes_nothing(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gpu"])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(gpu, "save_results", lambda *_, **__: pytest.fail("written"))
    gpu.main()
    assert capsys.readouterr().out == "no CUDA device here: nothing measured\n"


def test_predictions_are_those_of_the_network_in_every_precision():
    model = from_pretrained("dsdmsr-fast")
    lr_depth = torch.rand(1, 1, 12, 16)
    with torch.inference_mode():
        expected = model(lr_depth, gpu.SCALE).fused
        whole = gpu.predictor(model, "fp32")(lr_depth)
        half = gpu.predictor(model, "bf16")(lr_depth)
    torch.testing.assert_close(whole, expected, rtol=0, atol=1e-5)
    assert half.dtype == torch.float32
    difference = float((half - expected).abs().max())
    assert 1e-6 < difference < 0.05


def test_what_fails_is_listed_and_the_rest_measured(monkeypatch, capsys):
    saved = {}

    def of_way(name: str, way: gpu.Way, frames: int) -> dict[str, float]:
        if way.graph:
            raise RuntimeError("capture failed\nand more")
        return {"frames_per_s": float(frames), "difference": 1e-6}

    def of_upscaler(name: str, backend: str, frames: int) -> dict[str, float]:
        return {"frames_per_s": 1.0, "difference": 0.0}

    monkeypatch.setattr(sys, "argv", ["gpu", "--frames", "7"])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", False)
    monkeypatch.setattr(gpu, "of_way", of_way)
    monkeypatch.setattr(gpu, "of_upscaler", of_upscaler)
    monkeypatch.setattr(
        gpu, "save_results", lambda name, _, content, *__, **___: saved.update(content)
    )
    with pytest.raises(
        SystemExit, match="dsdmsr-fast, torch, fp16, channels last, CUDA graph: Run"
    ):
        gpu.main()
    rows = [row for row in saved["rows"] if row["network"] == "dsdmsr-fast"]
    assert sum("failed" in row for row in rows) == len(gpu.WAYS) / 2
    about = {
        "command": "python -m benchmarks gpu",
        "commit": "abc",
        "date": "2026-01-01T00:00:00",
        "machine": {"processor": "P", "threads": 2, "torch": "2"},
    }
    text = gpu.table({**saved, **about})
    assert "| dsdmsr-fast | torch, bf16, channels last | 7 | 1e-06 |" in text
    assert "CUDA graph" not in text
