"""How depth files are read, as options."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.kinds import Kind
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import ConfigError
from dsdmsr.io.encodings import ENCODINGS, find_encoding
from dsdmsr.io.invalid import InvalidNumbers
from dsdmsr.io.read import interpret, read_stored
from dsdmsr.io.stored import Stored

__all__ = ["ReadOptions"]


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """Say what the numbers in depth files mean.

    Raises:
        ConfigError: If options contradict each other or are out of range.
        EncodingError: If an encoding is unknown.

    Example:
        >>> ReadOptions(invalid=("65535",), invalid_above=10).invalid_numbers.numbers
        (65535.0,)
    """

    encoding: str | None = field(
        default=None,
        metadata={
            "help": f"What the numbers in the files mean: {', '.join(ENCODINGS)}. Default: what "
            "the file says, else mm for 16-bit files, levels for 8-bit files (relative where 0 "
            "looks like the farthest value), float for others (disparity for PFM files beside a "
            "calib.txt, height for GeoTIFF)."
        },
    )
    """A name in `dsdmsr.io.ENCODINGS`. Default: a guess by file format."""
    units_per_metre: float | None = None
    """Instead of an encoding: what one metre is in the file, such as 4000 (Matterport3D); 0 is no
    depth among whole numbers."""
    from_kind: Kind | None = None
    """What the files hold, instead of an encoding."""
    invalid: tuple[str, ...] = ()
    """A number in the file that means "nothing here", before any scale; may be given several times.
    none: don't look for numbers such as 1e10 or 65535 that renderers and sensors write where there
    is nothing."""
    invalid_above: float | None = None
    """Values above this, in the map's unit, are holes."""
    farthest_invalid: bool = False
    """The farthest value, exactly, is a background: make it a hole."""
    any_size: bool = False
    """Read files, too, that promise far more numbers than they store."""

    def __post_init__(self) -> None:
        if self.encoding is not None:
            find_encoding(self.encoding)
            if self.units_per_metre is not None:
                raise ConfigError("--encoding and --units-per-metre say the same: give one")
        scale = self.units_per_metre
        if scale is not None and not 0 < scale < math.inf:
            raise ConfigError(f"units-per-metre is {scale:g}: give a number above 0")
        _ = self.invalid_numbers

    @cached_property
    def invalid_numbers(self) -> InvalidNumbers:
        """Which numbers mean "nothing here", beside those that files declare."""
        numbers = []
        for text in self.invalid:
            try:
                numbers += [] if text == "none" else [float(text)]
            except ValueError:
                raise ConfigError(f"invalid is {text!r}: give a number, or none") from None
        return InvalidNumbers(
            numbers=tuple(numbers),
            codes="none" not in self.invalid,
            above=self.invalid_above,
            farthest=self.farthest_invalid,
        )

    def encoding_of(self, stored: Stored) -> str | Encoding | None:
        """Return the encoding that options give for a file's numbers, if they do."""
        if self.units_per_metre is None:
            return self.encoding
        numbers, text = stored.numbers.dtype, f"{self.units_per_metre:.10g} per metre"
        largest = None
        if numbers.kind == "u" and numbers.itemsize <= 2:
            largest = 256**numbers.itemsize - 1
        return Encoding(
            meaning=f"{8 * numbers.itemsize}-bit, {text}, 0 = no depth" if largest else text,
            per_unit=self.units_per_metre,
            unit="m",
            largest=largest,
        )

    def read(self, path: Path) -> DepthMap:
        """Read a depth file; errors as for `dsdmsr.read_depth`."""
        return self.interpret(self.read_stored(path), path)

    def read_stored(self, path: Path) -> Stored:
        """Return what is in a depth file; see `dsdmsr.io.read.read_stored`."""
        return read_stored(path, any_size=self.any_size)

    def interpret(self, stored: Stored, path: Path) -> DepthMap:
        """Return the map of what `read_stored` returned for a path."""
        encoding, rules = self.encoding_of(stored), self.invalid_numbers
        return interpret(stored, path, encoding, kind=self.from_kind, invalid=rules)
