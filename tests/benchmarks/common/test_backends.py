from __future__ import annotations

from pathlib import Path

from benchmarks.common.backends import backends_for
from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.training.export import export_graphs
from dsdmsr.zoo.torch_networks import save_pretrained


def test_runtimes_of_graphs_need_graphs(tmp_path: Path):
    config = ModelConfig(
        scale=2, unit="residual", sharing="shared", width=(8,), depth=(1,), fusion="none"
    )
    save_pretrained(DSDMSR(config), tmp_path, "card")
    assert backends_for(str(tmp_path)) == ("torch",)
    export_graphs(tmp_path)
    assert backends_for(str(tmp_path))[:2] == ("onnx", "torch")
