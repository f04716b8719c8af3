"""The command that lists packaged networks."""

from __future__ import annotations

from dsdmsr.app.console import print_result
from dsdmsr.zoo.names import DEFAULT_MODEL, PACKAGED, folder_of

__all__ = ["models"]


def models() -> int:
    """Run `dsdmsr models`."""
    for name, purpose in PACKAGED.items():
        size = sum(file.stat().st_size for file in folder_of(name).rglob("*.safetensors")) / 1e6
        default = " (default)" if name == DEFAULT_MODEL else ""
        print_result(f"{name}{default}: {purpose}; {size:.1f} MB")
    return 0
