"""Networks from folders and back, in the form of the Hugging Face Hub."""

from __future__ import annotations

import json
import re
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from dsdmsr.degradation import Degradation, check_degradation
from dsdmsr.errors import ConfigError, ModelError
from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.plain import from_plain, to_plain
from dsdmsr.replacing import replacing
from dsdmsr.zoo.names import DEFAULT_MODEL, PACKAGED, folder_of

__all__ = ["for_known", "from_pretrained", "load_weights", "read_card", "save_pretrained"]

_CONFIG, _WEIGHTS, _CARD = "config.json", "model.safetensors", "README.md"
_FOR_KNOWN: dict[str, tuple[Degradation, ...]] = {"bicubic": ("bicubic", "pil_bicubic")}
"""Folder in a network's folder → the degradations for which the network in there is the better one.

Both cubics have the same kernel, and are antialiased."""
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def from_pretrained(name: str | None = None, *, degradation: Degradation | None = None) -> DSDMSR:
    """Load a network.

    Args:
        name: A packaged name, a folder with ``config.json`` and ``model.safetensors``, or a
            repository on the Hugging Face Hub (``owner/name``). Default: `DEFAULT_MODEL`.
        degradation: How small maps were made, if that is known: the network may have other
            weights for such maps, in a folder in its own, such as ``bicubic``. Default: it isn't.

    Returns:
        The network in float32, on the CPU, in evaluation mode.

    Raises:
        ModelError: If there is no such network, or its files are damaged or don't belong together.
        ConfigError: If there is no such degradation.
    """
    folder = _find(DEFAULT_MODEL if name is None else name)
    if degradation is not None:
        check_degradation(degradation)
        folder = _folders_for_known(folder).get(degradation, folder)
    return _load(folder)


def for_known(name: str) -> dict[Degradation, DSDMSR]:
    """Load the networks that there are for maps of which it is known how they were made.

    Args:
        name: As in `from_pretrained`.

    Returns:
        Degradation → the network for it; the others are for `from_pretrained`'s.

    Raises:
        ModelError: As `from_pretrained`.
    """
    folders = _folders_for_known(_find(name))
    loaded = {folder: _load(folder) for folder in set(folders.values())}
    return {degradation: loaded[folder] for degradation, folder in folders.items()}


def _folders_for_known(folder: Path) -> dict[Degradation, Path]:
    return {
        degradation: folder / inside
        for inside, degradations in _FOR_KNOWN.items()
        for degradation in degradations
        if (folder / inside / _CONFIG).is_file()
    }


def read_card(name: str) -> str:
    """Return the text of a network's card; empty if it has none.

    Args:
        name: As in `from_pretrained`.

    Raises:
        ModelError: If there is no such network.
    """
    path = _find(name) / _CARD
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _find(name: str) -> Path:
    packaged, _, inside = name.partition("/")
    if packaged in PACKAGED and inside in ("", *_FOR_KNOWN):
        return Path(str(folder_of(packaged))) / inside
    if Path(name).is_dir():
        return Path(name)
    if _HUB_NAME.fullmatch(name) and not name.startswith(".") and not Path(name).parent.exists():
        return _download(name)
    raise ModelError(
        f"model {name!r} not found: give one of {', '.join(PACKAGED)}, or a folder with {_CONFIG} "
        f"and {_WEIGHTS}"
    )


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
        folder: Where; made if missing, files in it are replaced.
        card: The text of README.md, with the Hub's YAML header.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = json.dumps(to_plain(model.config), indent=2) + "\n"
    half = {k: v.detach().cpu().half().contiguous() for k, v in model.state_dict().items()}
    with replacing(folder / _WEIGHTS) as beside:
        save_file(half, beside, metadata={"format": "pt"})
        beside.chmod(0o644)
    for name, text in ((_CONFIG, config), (_CARD, card)):
        with replacing(folder / name) as beside:
            beside.write_text(text, encoding="utf-8")


def _load(folder: Path) -> DSDMSR:
    try:
        values = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
        model = DSDMSR(from_plain(ModelConfig, values, str(folder / _CONFIG)))
    except (OSError, ValueError, ConfigError) as error:
        raise ModelError(f"{folder / _CONFIG} is missing or not a network's: {error}") from error
    weights = load_weights(folder / _WEIGHTS)
    try:
        model.load_state_dict({k: v.float() for k, v in weights.items()})
    except RuntimeError as error:
        raise ModelError(f"{folder / _WEIGHTS} does not fit its {_CONFIG}") from error
    return model.eval()


def _patterns() -> list[str]:
    files = [_CONFIG, _WEIGHTS, _CARD]
    return [*files, *(f"{inside}/{file}" for inside in _FOR_KNOWN for file in files)]


def _download(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=_patterns()))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"model {name!r} is neither packaged ({', '.join(PACKAGED)}) nor a folder, and the Hub "
            f"did not give it: {reason}"
        ) from error
