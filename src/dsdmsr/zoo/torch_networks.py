"""Networks in torch, read from folders of the Hub's form and written to such."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from dsdmsr._atomic import replace_text, replacing
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
from dsdmsr.zoo.graphs import file_checksum
from dsdmsr.zoo.names import DEFAULT_MODEL
from dsdmsr.zoo.weights import StoredTensor, check_card, check_weights, read_small, with_checksum

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
        ModelError: If the file is missing or damaged, or its numbers are not finite floats.
    """
    check_weights(path)
    return _tensors_in(path)


def _tensors_in(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors of a file that is checked; errors as for `load_weights`."""
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} cannot be read as safetensors: {error}") from error


def save_pretrained(model: DSDMSR, folder: Path, card: str) -> None:
    """Write a network: ``config.json``, ``model.safetensors`` in float16, and its card.

    Args:
        model: The network.
        folder: Where; created if missing, files in it are replaced.
        card: The text of README.md, with the Hub's YAML header, to which the weights' checksum is
            added.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = json.dumps(to_plain(model.config), indent=2) + "\n"
    half = {k: v.detach().cpu().half().contiguous() for k, v in model.state_dict().items()}
    with replacing(folder / WEIGHTS) as beside:
        # A file, as `save_file` writes it, could be read by its owner alone.
        beside.write_bytes(save(half, metadata={"format": "pt"}))
    card = with_checksum(card, file_checksum(folder / WEIGHTS))
    replace_text(folder / CONFIG, config)
    replace_text(folder / CARD, card)


def _load(folder: Path) -> DSDMSR:
    path = folder / WEIGHTS
    try:
        values = json.loads(read_small(folder / CONFIG))
        config = from_plain(ModelConfig, values, str(folder / CONFIG))
    except (OSError, ValueError, RecursionError, ConfigError) as error:
        raise ModelError(f"{folder / CONFIG} is missing or not a network's: {error}") from error
    stored = check_weights(path)
    check_card(folder, file_checksum(path))
    _check_fits(config, stored, path)
    model, weights = DSDMSR(config), _tensors_in(path)
    model.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    return model.eval()


def _check_fits(config: ModelConfig, stored: dict[str, StoredTensor], path: Path) -> None:
    """Check that weights are those of a configuration, before memory is taken for it."""
    with torch.device("meta"):
        # Symmetry is one of the numbers, not of their names and shapes.
        model = DSDMSR(dataclasses.replace(config, symmetric=False))
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    for name in sorted(wanted.keys() ^ stored.keys()):
        there = "lacks" if name in wanted else "has an unknown"
        raise ModelError(f"{path} does not fit its {CONFIG}: it {there} {name!r:.80}")
    for name, shape in wanted.items():
        if stored[name].shape != shape:
            raise ModelError(
                f"{path} does not fit its {CONFIG}: {name} is {_form(stored[name].shape)}, and "
                f"{_form(shape)} is wanted"
            )


def _form(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a number"
