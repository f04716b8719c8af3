"""Small networks of random weights, in the packaged networks' form."""

from __future__ import annotations

import torch

from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.nn.symmetry import init_symmetric
from dsdmsr.zoo.names import PACKAGED, folder_of

SHARED = ModelConfig(
    scale=4,
    unit="residual",
    sharing="shared",
    width=(8,),
    depth=(3, 2),
    carried=4,
    two_heads=True,
    fusion="none",
    bias=False,
    differences=True,
)
"""The packaged networks' form, but for symmetry, candidates and expected errors."""


def packaged_weights() -> list[str]:
    """Return the names of all weights in the package."""
    return [
        "/".join((name, *file.relative_to(folder_of(name)).parts[:-1]))
        for name in sorted(PACKAGED)
        for file in sorted(folder_of(name).rglob("model.safetensors"))
    ]


def random_network(config: ModelConfig, *, std: float = 0.1) -> DSDMSR:
    """Return a network of random weights everywhere; symmetric ones stay symmetric."""
    torch.manual_seed(0)
    model = DSDMSR(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=std)
    if config.symmetric:
        init_symmetric(model)
    return model.eval()
