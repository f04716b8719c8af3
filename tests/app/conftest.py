from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

import dsdmsr


@pytest.fixture
def small(tmp_path):
    """A small 16-bit PNG in millimetres with a hole."""
    numbers = np.full((6, 8), 1500, np.uint16)
    numbers[:, 4:] = 2500
    numbers[0, 0] = 0
    Image.fromarray(numbers).save(tmp_path / "small.png")
    return tmp_path / "small.png"


@pytest.fixture
def network_folder(tmp_path, tiny_model):
    from dsdmsr.zoo.torch_networks import save_pretrained

    save_pretrained(tiny_model, tmp_path / "net", "card")
    return tmp_path / "net"


@pytest.fixture
def doubtful_folder(tmp_path):
    """A network of random weights that expects errors."""
    config = dsdmsr.ModelConfig(
        **{"scale": 4, "unit": "residual", "sharing": "shared", "fusion": "none"},
        **{"width": (8,), "depth": (1,), "confidence": 8},
    )
    torch.manual_seed(0)
    dsdmsr.save_pretrained(dsdmsr.DSDMSR(config), tmp_path / "net", "card")
    return tmp_path / "net"
