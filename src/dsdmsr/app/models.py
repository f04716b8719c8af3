"""The command that lists packaged networks."""

from __future__ import annotations

from importlib import resources

from dsdmsr.app.console import out
from dsdmsr.zoo.names import DEFAULT_MODEL, PACKAGED, folder_of

__all__ = ["models"]


def models() -> int:
    """Run `dsdmsr models`."""
    for name, purpose in PACKAGED.items():
        with resources.as_file(folder_of(name)) as folder:
            size = sum(file.stat().st_size for file in folder.rglob("*.safetensors")) / 1e6
        default = " (default)" if name == DEFAULT_MODEL else ""
        out.print(f"{name}{default}: {purpose}; {size:.1f} MB")
    return 0
