"""Networks in torch, read from folders of the Hub's form and written to such."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from dsdmsr._atomic import replacing
from dsdmsr._plain import from_plain, to_plain
from dsdmsr.depth.degradations import Degradation
from dsdmsr.errors import ConfigError, ModelError
from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.zoo.find import (
    CARD,
    CONFIG,
    WEIGHTS,
    find_network,
    folders_for_known,
    network_folder,
)
from dsdmsr.zoo.names import DEFAULT_MODEL

__all__ = ["for_known", "from_pretrained", "load_weights", "save_pretrained"]


def from_pretrained(name: str | None = None, *, degradation: Degradation | None = None) -> DSDMSR:
    """Load a network.

    Args:
        name: A packaged name, a folder with ``config.json`` and ``model.safetensors``, or a
            repository on the Hugging Face Hub (``owner/name``). Default: `DEFAULT_MODEL`.
        degradation: The degradation of low-resolution maps, if it is known: the network may have
            other weights for it, in a folder inside its own, such as ``bicubic``. Default: blind,
            for any.

    Returns:
        The network in float32, on the CPU, in evaluation mode.

    Raises:
        ModelError: If there is no such network, or its files are damaged or don't belong together.
        ConfigError: If there is no such degradation.
    """
    return _load(network_folder(DEFAULT_MODEL if name is None else name, degradation))


def for_known(name: str) -> dict[Degradation, DSDMSR]:
    """Load the networks for known degradations that a network comes with.

    Args:
        name: As in `from_pretrained`.

    Returns:
        Degradation → the network for it; others are served by that of `from_pretrained`.

    Raises:
        ModelError: As `from_pretrained`.
    """
    folders = folders_for_known(find_network(name))
    loaded = {folder: _load(folder) for folder in set(folders.values())}
    return {degradation: loaded[folder] for degradation, folder in folders.items()}


def load_weights(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a safetensors file.

    Raises:
        ModelError: If the file is missing or damaged.
    """
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} cannot be read as safetensors: {error}") from error


def save_pretrained(model: DSDMSR, folder: Path, card: str) -> None:
    """Write a network: ``config.json``, ``model.safetensors`` in float16, and its card.

    Args:
        model: The network.
        folder: Where; created if missing, files in it are replaced.
        card: The text of README.md, with the Hub's YAML header.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = json.dumps(to_plain(model.config), indent=2) + "\n"
    half = {k: v.detach().cpu().half().contiguous() for k, v in model.state_dict().items()}
    with replacing(folder / WEIGHTS) as beside:
        save_file(half, beside, metadata={"format": "pt"})
        beside.chmod(0o644)
    for name, text in ((CONFIG, config), (CARD, card)):
        with replacing(folder / name) as beside:
            beside.write_text(text, encoding="utf-8")


def _load(folder: Path) -> DSDMSR:
    try:
        values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        model = DSDMSR(from_plain(ModelConfig, values, str(folder / CONFIG)))
    except (OSError, ValueError, ConfigError) as error:
        raise ModelError(f"{folder / CONFIG} is missing or not a network's: {error}") from error
    weights = load_weights(folder / WEIGHTS)
    try:
        model.load_state_dict({k: v.float() for k, v in weights.items()})
    except RuntimeError as error:
        raise ModelError(f"{folder / WEIGHTS} does not fit its {CONFIG}") from error
    return model.eval()
