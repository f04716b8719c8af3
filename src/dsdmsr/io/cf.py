"""What the attributes of arrays in netCDF, HDF5 and Zarr files say about their numbers.

Source: "NetCDF Climate and Forecast (CF) Metadata Conventions" 1.11, sections 2.5.1 (missing data,
valid and actual range of data), 3.1 (units), 8.1 (packed data).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsdmsr.depth.encoding import Encoding
from dsdmsr.io.invalid import equals
from dsdmsr.io.stored import Packing, Stored

__all__ = ["ATTRIBUTES", "stored_as", "units_of"]

ATTRIBUTES = (
    "_FillValue",
    "missing_value",
    "valid_range",
    "valid_min",
    "valid_max",
    "scale_factor",
    "add_offset",
    "units",
    "standard_name",
    "long_name",
)
"""Those that are read."""

_METRES = {
    "m": 1.0,
    "metre": 1.0,
    "meter": 1.0,
    "metres": 1.0,
    "meters": 1.0,
    "mm": 1000.0,
    "millimetre": 1000.0,
    "millimeter": 1000.0,
    "millimetres": 1000.0,
    "millimeters": 1000.0,
    "cm": 100.0,
    "centimetre": 100.0,
    "centimeter": 100.0,
    "centimetres": 100.0,
    "centimeters": 100.0,
    "km": 0.001,
    "kilometre": 0.001,
    "kilometer": 0.001,
    "kilometres": 0.001,
    "kilometers": 0.001,
}
"""Unit → how many of it are a metre."""
_SHORT = {1.0: "m", 1000.0: "mm", 100.0: "cm", 0.001: "km"}
_PIXELS = ("pixel", "pixels", "px")
_PER_METRE = ("1/m", "m-1", "m^-1", "m**-1", "dioptre", "dioptres", "diopter", "diopters")
_HEIGHTS = ("altitude", "elevation", "height", "topography", "dem")
"""Words in the names of heights above a datum."""


def stored_as(
    attributes: Mapping[str, Any], name: str, numbers: NDArray[Any], entry: str | None = None
) -> Stored:
    """Return the numbers of an array called `name`, and what its attributes say about them.

    Args:
        attributes: Those of the array.
        name: What it is called in the file.
        numbers: A map of it.
        entry: What another file is to call it, if not ``depth``.
    """
    nodata = (*_numbers(attributes, "_FillValue"), *_numbers(attributes, "missing_value"))
    low, high = _range(attributes)
    valid = None
    if numbers.dtype.kind in "fiu" and (low, high) != (-math.inf, math.inf):
        with np.errstate(invalid="ignore"):
            valid = (numbers >= low) & (numbers <= high)
    packing = Packing.of(
        _number(attributes, "scale_factor", 1.0), _number(attributes, "add_offset", 0.0)
    )
    stored = Stored(
        numbers=numbers,
        nodata=tuple(dict.fromkeys(nodata)),
        valid=valid,
        packing=packing,
        entry=entry,
        notes=() if packing is None else (packing.note,),
    )
    return replace(stored, encoding=_encoding(attributes, name, stored))


def _numbers(attributes: Mapping[str, Any], name: str) -> list[float]:
    """Return the numbers of an attribute; none if it is a text or missing."""
    try:
        return [float(number) for number in np.ravel(attributes.get(name, ()))]
    except (TypeError, ValueError):
        return []


def _number(attributes: Mapping[str, Any], name: str, default: float) -> float:
    return next(iter(_numbers(attributes, name)), default)


def _range(attributes: Mapping[str, Any]) -> tuple[float, float]:
    ends = _numbers(attributes, "valid_range")
    if len(ends) == 2:
        return ends[0], ends[1]
    return _number(attributes, "valid_min", -math.inf), _number(attributes, "valid_max", math.inf)


def _goes_below_0(stored: Stored) -> bool:
    """Return whether a value is below 0."""
    numbers, packing = stored.numbers, stored.packing
    if numbers.dtype.kind not in "fi" and packing is None:
        return False
    with np.errstate(invalid="ignore"):
        below = numbers < (0.0 if packing is None else -packing.offset / packing.scale)
    if not below.any():
        return False
    if stored.valid is not None:
        below &= stored.valid
    for number in stored.nodata:
        below &= ~equals(numbers, number)
    return bool(below.any())


def _encoding(attributes: Mapping[str, Any], name: str, stored: Stored) -> str | Encoding | None:
    unit = _text(attributes, "units").strip()
    if unit.lower() in _PIXELS:
        return "disparity"
    if unit.lower() in _PER_METRE:
        return "inverse"
    per_metre = _METRES.get(unit.lower())
    if per_metre is None:
        # The type of packed numbers tells nothing about values.
        return None if stored.packing is None else "height" if _goes_below_0(stored) else "float"
    called = f"{name} {_text(attributes, 'standard_name')} {_text(attributes, 'long_name')}".lower()
    height = any(word in called for word in _HEIGHTS) or _goes_below_0(stored)
    if per_metre == 1:
        return "height" if height else "metres"
    if per_metre == 1000 and not height and stored.numbers.dtype == np.uint16:
        return "mm"
    return Encoding(
        meaning=f"float {'height' if height else 'depth'} in {unit}, as the file says",
        per_unit=per_metre,
        kind="height" if height else "depth",
        unit="m",
        invalid=math.nan if height else 0.0,
        zero_is_value=height,
    )


def _text(attributes: Mapping[str, Any], name: str) -> str:
    text = attributes.get(name, "")
    if isinstance(text, np.ndarray) and text.size == 1:
        text = text.item()
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)


def units_of(encoding: Encoding) -> str | None:
    """Return what the unit of numbers is called in the attribute ``units``; None if unknown."""
    if encoding.kind in ("depth", "height") and encoding.unit == "m":
        return _SHORT.get(encoding.per_unit)
    return "pixel" if encoding.unit == "px" and encoding.per_unit == 1 else None
