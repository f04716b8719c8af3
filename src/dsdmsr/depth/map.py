"""The depth map: values that never travel without their validity, kind and unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dsdmsr.depth.arrays import checked_error, checked_values
from dsdmsr.depth.cameras import Intrinsics, Stereo
from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.given import described
from dsdmsr.depth.kinds import Kind, Unit, check_kind
from dsdmsr.depth.metadata import Metadata
from dsdmsr.errors import DepthError

if TYPE_CHECKING:
    from dsdmsr.io.invalid import InvalidNumbers

__all__ = ["DepthMap", "Kind", "Unit", "check_map"]


@dataclass(frozen=True, eq=False)
class DepthMap:
    """Hold a depth map, read-only: values with their validity, kind, unit and expected error.

    Args:
        values: Numbers, H×W, kept as a read-only float32 copy; 0 under invalid pixels.
        valid: Which pixels can be used, bool, H×W. Default: all. Pixels whose value is NaN or
            infinite, or masked in a NumPy masked array, are never valid.
        kind: ``depth`` (distance along the optical axis), ``disparity``, ``inverse_depth`` or
            ``height``.
        unit: ``m``, ``px``, ``level`` (grey levels), or None where it is not known.
        intrinsics: The camera.
        stereo: What turns the disparity into depth.
        encoding: The file encoding that the values came in: a name, or an `Encoding`.
        error: The absolute error that is expected of each value, H×W, in the map's unit, as
            `Upscaler` gives it; 0 or more where the map is valid, kept as NaN elsewhere. Default:
            not known.
        metadata: What the file it came from says beside the values.
        copy: Whether arrays are copied. False for writable arrays that nobody else will use: if
            they have the types that are kept, they are kept themselves, become read-only, and
            what stands under invalid pixels is overwritten.

    Raises:
        DepthError: If the shape is not H×W with both at least 1, the values are not numbers,
            `valid` or `error` has another shape, `kind` or `unit` is unknown, or a valid depth
            or the error of a valid pixel is negative.

    Example:
        >>> from dsdmsr import DepthMap
        >>> depth = DepthMap([[1.5, 0.0], [2.0, 4.0]], [[True, False], [True, True]], unit="m")
        >>> depth
        DepthMap(2×2, depth, m, 75.0% valid, 1.5…4)
        >>> float(depth.values[depth.valid].max())
        4.0
    """

    values: NDArray[np.float32]
    valid: NDArray[np.bool_]
    kind: Kind
    unit: Unit | None
    intrinsics: Intrinsics | None
    stereo: Stereo | None
    encoding: str | Encoding | None
    error: NDArray[np.float32] | None
    metadata: Metadata

    def __init__(
        self,
        values: ArrayLike,
        valid: ArrayLike | None = None,
        *,
        kind: Kind = "depth",
        unit: Unit | None = None,
        intrinsics: Intrinsics | None = None,
        stereo: Stereo | None = None,
        encoding: str | Encoding | None = None,
        error: ArrayLike | None = None,
        metadata: Metadata | None = None,
        copy: bool = True,
    ) -> None:
        check_kind(kind)
        if unit is not None and unit not in get_args(Unit):
            raise DepthError(f"unit is {unit!r}: allowed are {', '.join(get_args(Unit))}, None")
        numbers, usable = checked_values(values, valid, kind, copy)
        fields = {
            "values": numbers,
            "valid": usable,
            "kind": kind,
            "unit": unit,
            "intrinsics": intrinsics,
            "stereo": stereo,
            "encoding": encoding,
            "error": None if error is None else checked_error(error, usable, copy),
            "metadata": metadata or Metadata(),
        }
        for name, value in fields.items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
            object.__setattr__(self, name, value)

    @classmethod
    def from_array(
        cls,
        frame: ArrayLike,
        encoding: str | Encoding | None = None,
        *,
        kind: Kind | None = None,
        invalid: float | Sequence[float] | InvalidNumbers | None = None,
        intrinsics: Intrinsics | None = None,
        stereo: Stereo | None = None,
    ) -> DepthMap:
        """Return the map that a frame in memory means, as if it were read from a file.

        Args:
            frame: A sensor's or a network's numbers, H×W; masked ones are holes.
            encoding: What they mean: a name in `dsdmsr.io.ENCODINGS`, or an `Encoding`. Whole
                numbers need one. Default for floats: depth in an unknown unit, 0 = no depth; or
                what `kind` says.
            kind: The kind of floats, instead of an encoding.
            invalid: A number, or several, that mean "nothing here", beside those that the encoding
                names; or `dsdmsr.io.InvalidNumbers`. Codes of renderers and sensors are recognised
                as in files.
            intrinsics: The camera.
            stereo: What turns disparity into depth.

        Raises:
            EncodingError: If the encoding is unknown or doesn't suit, or whole numbers have none.
            DepthError: If the numbers are not a depth map.

        Example:
            A frame in millimetres, 0 where the sensor saw nothing:

            >>> import numpy as np
            >>> from dsdmsr import DepthMap
            >>> DepthMap.from_array(np.uint16([[1500, 0], [2000, 65535]]), "mm", invalid=65535)
            DepthMap(2×2, depth, m, 50.0% valid, 1.5…2)
        """
        # It runs up: what numbers mean is said once, in the room of files.
        from dsdmsr.io.frames import from_array

        return from_array(
            frame, encoding, kind=kind, invalid=invalid, intrinsics=intrinsics, stereo=stereo
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.values.shape[0], self.values.shape[1]

    def __repr__(self) -> str:
        height, width = self.shape
        share = self.valid.mean()
        unit = self.unit or "unknown unit"
        text = f"DepthMap({height}×{width}, {self.kind}, {unit}, {share:.1%} valid"
        if self.valid.any():
            used = self.values[self.valid]
            text += f", {used.min():.6g}…{used.max():.6g}"
        return text + ")"

    def _repr_png_(self) -> bytes:
        """Return the map and its relief as a PNG file, which notebooks show."""
        # It runs up, too: only notebooks ask for it.
        from dsdmsr.pictures.preview import as_png, preview

        return as_png(preview(self))


def check_map(depth: object) -> DepthMap:
    """Return what is given where a map is wanted, if it is one.

    Raises:
        DepthError: If it is an array, a picture, or anything else.
    """
    if not isinstance(depth, DepthMap):
        raise DepthError(
            f"this is {described(depth)}, not a DepthMap: give DepthMap(values, unit='m') for "
            "metres, DepthMap.from_array(numbers, encoding='mm') for a sensor's numbers, or "
            "read_depth(path) for a file"
        )
    return depth
