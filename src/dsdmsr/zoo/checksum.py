"""Checksums of networks' weights."""

from __future__ import annotations

import hashlib

from dsdmsr.nn import DSDMSR

__all__ = ["weights_checksum"]


def weights_checksum(model: DSDMSR) -> str:
    """Return the SHA-256 of a network's tensors as float16, in the order of their names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().half().contiguous().numpy().tobytes())
    return digest.hexdigest()
