"""Small networks of random weights with ONNX graphs."""

from __future__ import annotations

from pathlib import Path

import torch

from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.nn.symmetry import init_symmetric
from dsdmsr.training.export import export_graphs
from dsdmsr.zoo.torch_networks import from_pretrained, save_pretrained

SMALL = ModelConfig(
    scale=4,
    unit="residual",
    sharing="shared",
    width=(8,),
    depth=(2,),
    carried=4,
    two_heads=True,
    candidates=3,
    fusion="none",
    bias=False,
    differences=True,
    confidence=4,
)
"""The packaged networks' form, but for symmetry."""


def saved(config: ModelConfig, folder: Path, *, std: float = 0.1) -> DSDMSR:
    """Write a network of random weights; return it as its file has it."""
    torch.manual_seed(0)
    model = DSDMSR(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=std)
    if config.symmetric:
        init_symmetric(model)
    save_pretrained(model, folder, "card")
    return from_pretrained(str(folder))


def exported(config: ModelConfig, folder: Path, *, std: float = 0.1) -> DSDMSR:
    """Write a network of random weights with its graphs; return it as its file has it."""
    model = saved(config, folder, std=std)
    export_graphs(folder)
    return model
