#!/usr/bin/env bash
# numcodecs 0.16.6, the filter BitRound, beside netCDF4 1.7.5.1, seen 2026-11-29 on Linux.
#
# One would expect: rounding heights to a few bits leaves the number that stands for "no height" alone, as netCDF's
# own quantization does, or at least leaves -9999 recognisable, a whole number that floats hold exactly.
#
# What happens: with 7 bits, about two decimal digits, -9999 becomes -9984, with 10 it becomes -10000, and the
# largest float, another common filling, becomes infinite. The declared _FillValue no longer matches, and every hole
# is a height. Nothing warns. netCDF4 leaves the declared number alone, with the same rounding.
#
# Whoever compresses with BitRound fills holes with NaN or a power of two first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q numcodecs==0.16.6 netCDF4==1.7.5.1.post1 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys
import warnings

import netCDF4
import numcodecs
import numpy as np

warnings.simplefilter("error")
largest = float(np.finfo(np.float32).max)
infinite = float("inf")


def numcodecs_rounds(hole: float, bits: int) -> float:
    codec = numcodecs.BitRound(keepbits=bits)
    return float(codec.decode(codec.encode(np.array([123.456, hole], "f4"))).view("f4")[1])


def netcdf_rounds(hole: float, bits: int) -> float:
    with netCDF4.Dataset(f"{sys.argv[1]}/a.nc", "w") as file:
        file.createDimension("x", 2)
        options = {"significant_digits": bits, "quantize_mode": "BitRound", "fill_value": hole}
        file.createVariable("z", "f4", "x", zlib=True, **options)[:] = [123.456, hole]
    with netCDF4.Dataset(f"{sys.argv[1]}/a.nc") as file:
        file.set_auto_mask(False)
        return float(file["z"][1])


cases = {(-9999.0, 7): -9984.0, (-9999.0, 10): -10000.0, (largest, 10): infinite}
changed = False
for (hole, bits), moved in cases.items():
    seen = numcodecs_rounds(hole, bits), netcdf_rounds(hole, bits)
    print(f"{hole}, declared, {bits} bits: numcodecs {seen[0]}, netCDF4 {seen[1]}")
    changed = changed or seen != (moved, hole)
sys.exit(changed)
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
