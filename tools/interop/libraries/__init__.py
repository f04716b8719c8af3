"""The libraries of the matrix: each in the environments that have it, without `dsdmsr`."""

from __future__ import annotations

from tools.interop.libraries.arrays import ARRAYS
from tools.interop.libraries.codecs import CODECS
from tools.interop.libraries.javascript import JAVASCRIPT
from tools.interop.libraries.pictures import PICTURES
from tools.interop.libraries.rasters import RASTERS
from tools.interop.libraries.scenes import SCENES

__all__ = ["LIBRARIES"]

LIBRARIES = {
    library.name: library
    for library in (*PICTURES, *CODECS, *RASTERS, *ARRAYS, *SCENES, *JAVASCRIPT)
}
"""Name → library."""
