"""Formats recognised by a file's first bytes, where there is no name."""

from __future__ import annotations

__all__ = ["HEAD", "suffix_of_content"]

_BEGINNINGS: dict[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": ".png",
    b"P5": ".pgm",
    b"P2": ".pgm",
    b"Pf": ".pfm",
    b"PF": ".pfm",
    b"\x93NUMPY": ".npy",
    b"PK\x03\x04": ".npz",
    b"II*\0": ".tif",
    b"MM\0*": ".tif",
    b"II+\0": ".tif",
    b"MM\0+": ".tif",
    b"\x76\x2f\x31\x01": ".exr",
    b"PIEH": ".dpt",
    b"\x89HDF\r\n\x1a\n": ".h5",
    b"MATLAB ": ".mat",
}
"""First bytes → suffix. Sources: the formats' documentation; TIFF 6.0 and BigTIFF; MATLAB's
MAT-file format."""
HEAD = max(map(len, _BEGINNINGS))
"""How many bytes tell a format."""


def suffix_of_content(head: bytes) -> str | None:
    """Return the suffix of the format that a file's first bytes are of, if one of them is.

    Args:
        head: `HEAD` bytes, or all that there are.
    """
    for beginning, suffix in _BEGINNINGS.items():
        if head.startswith(beginning):
            return suffix
    return None
