#!/usr/bin/env bash
# netCDF4 1.7.5.1, variables without _FillValue, beside xarray 2026.9.0, seen 2026-11-29 on Linux.
#
# One would expect: where neither _FillValue nor missing_value is set, every number that was written is one. At most
# floats of 9.97e36, netCDF's filling, count as not written, and bytes never do, since all 256 may be needed.
#
# What happens: netCDF4 hides 255 in unsigned bytes, 65535 in 16 bits and -32767 in signed ones, and calls them masked:
# in disparity of 8 bits, the nearest surface is a hole. xarray shows all of them, 9.97e36 in tiles that
# were never written, too. The two disagree on the same file.
#
# Whoever reads maps with netCDF4 calls set_auto_mask(False), and looks at the attributes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q netCDF4==1.7.5.1.post1 xarray==2026.9.0 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import netCDF4
import numpy as np
import xarray

file = f"{sys.argv[1]}/a.nc"
written = {
    "u1": [254, 255],
    "u2": [65534, 65535],
    "i2": [-32768, -32767],
    "f4": [1.5, netCDF4.default_fillvals["f4"]],
}
with netCDF4.Dataset(file, "w") as data:
    data.createDimension("x", 2)
    for kind, numbers in written.items():
        data.createVariable(kind, kind, "x")[:] = np.array(numbers, kind)
seen = {}
with netCDF4.Dataset(file) as data, xarray.open_dataset(file) as other:
    for kind in written:
        hidden = np.ma.getmaskarray(data[kind][:]).tolist()
        seen[kind] = hidden, np.isfinite(other[kind].values).tolist()
        print(f"{kind}: netCDF4 {data[kind][:].tolist()}, xarray {other[kind].values.tolist()}")
sys.exit(any(pair != ([False, True], [True, True]) for pair in seen.values()))
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
