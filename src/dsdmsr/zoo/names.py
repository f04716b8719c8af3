"""The names of the packaged networks; needs no torch."""

from __future__ import annotations

from pathlib import Path

__all__ = [
    "DEFAULT_MODEL",
    "PACKAGED",
    "REFERENCES",
    "ROBUST_MODEL",
    "folder_of",
    "is_packaged",
    "one_word",
]

DEFAULT_MODEL = "dsdmsr-base"
ROBUST_MODEL = "dsdmsr-robust"

PACKAGED: dict[str, str] = {
    "dsdmsr-base": "clean depth or disparity, ×2 ×4 ×8 ×16; trained on scenes of our own",
    "dsdmsr-fast": "the same in a tenth of the time, less exactly",
    "dsdmsr-robust": "noisy depth or disparity, ×2 ×4 ×8 ×16; removes noise",
    "dsdmsr-vdsr": "the paper's network with VDSR units, to compare with",
    "dsdmsr-srcnn": "the paper's network with SRCNN units, to compare with",
}
"""Name → what it is for."""

REFERENCES = ("dsdmsr-vdsr", "dsdmsr-srcnn")
"""The paper's networks, to compare with."""


def folder_of(name: str) -> Path:
    """Return the folder of a packaged network: config.json, model.safetensors, README.md."""
    return Path(__file__).parent / name


def is_packaged(folder: Path) -> bool:
    """Return whether a network's folder is in the package, whatever it was asked for as."""
    return folder.is_relative_to(Path(__file__).parent)


def one_word(name: str) -> str:
    """Return a network's name without slashes, for files.

    Args:
        name: A packaged network, perhaps with the weights inside of it; or a folder.

    Example:
        >>> one_word("dsdmsr-base/bicubic"), one_word("runs/mine/network")
        ('dsdmsr-base-bicubic', 'network')
    """
    if name.partition("/")[0] in PACKAGED:
        return name.strip("/").replace("/", "-")
    return Path(name).resolve().name
