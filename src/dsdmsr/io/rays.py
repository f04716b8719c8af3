"""The camera of files that hold distances along the ray."""

from __future__ import annotations

from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.geometry import centred_camera
from dsdmsr.errors import EncodingError

__all__ = ["camera_of"]


def camera_of(
    encoding: Encoding, known: Intrinsics | None, shape: tuple[int, int]
) -> tuple[Intrinsics, tuple[str, ...]]:
    """Return the camera that turns distances along the ray into depth, and a note if it is assumed.

    Args:
        encoding: What the numbers mean.
        known: The map's own camera.
        shape: Height and width of the whole map.

    Raises:
        EncodingError: If neither the map nor the encoding has a camera.
    """
    if known is not None:
        return known, ()
    if encoding.focal is None:
        raise EncodingError(
            "distances along the ray need the camera, which neither the file nor the encoding has"
        )
    camera = centred_camera(encoding.focal, shape)
    note = f"turned from distances along the ray with a focal length of {camera.fx:.2f} px, centred"
    return camera, (note,)
