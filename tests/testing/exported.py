"""Small networks of random weights with ONNX graphs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from testing.networks import SHARED, random_network

from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.training.export import export_graphs
from dsdmsr.zoo.torch_networks import from_pretrained, save_pretrained

SMALL = dataclasses.replace(SHARED, depth=(2,), candidates=3, confidence=4)


def saved(config: ModelConfig, folder: Path, *, std: float = 0.1) -> DSDMSR:
    """Write a network of random weights; return it as its file has it."""
    save_pretrained(random_network(config, std=std), folder, "card")
    return from_pretrained(str(folder))


def exported(config: ModelConfig, folder: Path, *, std: float = 0.1) -> DSDMSR:
    """Write a network of random weights with its graphs; return it as its file has it."""
    model = saved(config, folder, std=std)
    export_graphs(folder)
    return model
