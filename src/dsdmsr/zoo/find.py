"""Folders of networks: in the package, the user's, or downloaded from the Hub. Needs no torch."""

from __future__ import annotations

import re
from pathlib import Path

from dsdmsr.depth.degradations import Degradation, check_degradation
from dsdmsr.errors import ModelError, needing, suggestion
from dsdmsr.zoo.names import PACKAGED, folder_of

__all__ = [
    "CARD",
    "CONFIG",
    "GRAPHS",
    "WEIGHTS",
    "degradations_known_to",
    "find_network",
    "folders_for_known",
    "network_folder",
    "read_card",
]

CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
GRAPHS = "graphs.json"
_FOR_KNOWN: dict[str, tuple[Degradation, ...]] = {"bicubic": ("bicubic", "pil_bicubic")}
"""Folder inside a network's folder → the known degradations for which its network is better.

Both cubics have the same kernel, and are antialiased."""
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


def folders_for_known(folder: Path) -> dict[Degradation, Path]:
    """Return the folders of the networks for known degradations in a network's folder."""
    return {
        degradation: folder / inside
        for inside, degradations in _FOR_KNOWN.items()
        for degradation in degradations
        if (folder / inside / CONFIG).is_file()
    }


def degradations_known_to(name: str) -> frozenset[Degradation]:
    """Return the known degradations for which a network has other weights.

    Args:
        name: As in `find_network`; errors as for it.
    """
    return frozenset(folders_for_known(find_network(name)))


def network_folder(name: str, degradation: Degradation | None = None) -> Path:
    """Return a network's folder, or that of its weights for a known degradation if it has some.

    Args:
        name: As in `find_network`.
        degradation: The known degradation of low-resolution maps.

    Raises:
        ModelError: If there is no such network.
        ConfigError: If there is no such degradation.
    """
    folder = find_network(name)
    if degradation is None:
        return folder
    check_degradation(degradation)
    return folders_for_known(folder).get(degradation, folder)


def read_card(name: str) -> str:
    """Return the text of a network's card; empty if it has none.

    Args:
        name: As in `from_pretrained`.

    Raises:
        ModelError: If there is no such network.
    """
    path = find_network(name) / CARD
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def find_network(name: str) -> Path:
    """Return a network's folder; one of the Hub is downloaded first.

    Args:
        name: A packaged name, a folder, or ``owner/name`` on the Hub.

    Raises:
        ModelError: If there is no such network.
        DependencyError: If it may be on the Hub, and huggingface_hub is not installed.
    """
    packaged, _, inside = name.partition("/")
    if packaged in PACKAGED and inside in ("", *_FOR_KNOWN):
        return folder_of(packaged) / inside
    if Path(name).is_dir():
        return Path(name)
    if _HUB_NAME.fullmatch(name) and not name.startswith(".") and not Path(name).parent.exists():
        return _download(name)
    raise ModelError(
        f"model {name!r} not found{suggestion(name, PACKAGED)}: give one of "
        f"{', '.join(PACKAGED)}, or a folder with {CONFIG} and {WEIGHTS}"
    )


def _patterns() -> list[str]:
    """Return what is downloaded of a repository."""
    files = [CONFIG, WEIGHTS, CARD, GRAPHS, "*.onnx"]
    return [*files, *(f"{inside}/{file}" for inside in _FOR_KNOWN for file in files)]


def _download(name: str) -> Path:
    elsewhere = f"model {name!r} is neither packaged ({', '.join(PACKAGED)}) nor a folder"
    with needing(f"{elsewhere}; the Hub"):
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    try:
        return Path(snapshot_download(name, allow_patterns=_patterns()))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"{elsewhere}, and the Hub did not give it: {reason}") from error
