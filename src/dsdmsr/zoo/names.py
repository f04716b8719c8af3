"""The packaged networks by name; needs no torch."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

__all__ = ["DEFAULT_MODEL", "PACKAGED", "folder_of"]

DEFAULT_MODEL = "dsdmsr-base"

PACKAGED: dict[str, str] = {
    "dsdmsr-base": "clean depth or disparity, ×2 ×4 ×8 ×16; trained on scenes of our own",
    "dsdmsr-fast": "the same in a tenth of the time, less exactly",
}
"""Name → what it is for."""


def folder_of(name: str) -> Traversable:
    """Return the folder of a packaged network: config.json, model.safetensors, README.md."""
    return resources.files("dsdmsr.zoo") / name
