#!/usr/bin/env bash
# tifffile 2026.3.3, GeoTIFF of float32 whose NODATA is the lowest float (made by rasterio 1.4.4), seen 2026-11-29 on
# Linux.
#
# One would expect: tiles that a sparse file leaves out are read as NODATA, as they are where it is -9999 or NaN, and as
# GDAL does. The lowest float, -3.4028234663852886e+38, is the commonest NODATA of all, and a float32.
#
# What happens: tifffile logs that the number is "not castable to float32", takes 0, and the tiles that are left out are
# sea level. GDAL_NODATA's text is still in the tag.
#
# Whoever reads GeoTIFF with tifffile parses the tag, and fills the tiles whose byte count is 0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q tifffile==2026.3.3 rasterio==1.4.4 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import logging
import sys
import warnings

import numpy as np
import rasterio
import tifffile
from rasterio.windows import Window

warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
logging.getLogger("tifffile").setLevel(logging.CRITICAL)
shape = {"driver": "GTiff", "width": 512, "height": 256, "count": 1, "dtype": "float32"}
tiles = {"tiled": True, "blockxsize": 256, "blockysize": 256, "sparse_ok": True}
file = f"{sys.argv[1]}/a.tif"
seen = {}
for nodata in (-9999.0, -3.4028234663852886e38):
    with rasterio.open(file, "w", nodata=nodata, **shape, **tiles) as picture:
        picture.write(np.full((256, 256), 5, np.float32), 1, window=Window(0, 0, 256, 256))
    with rasterio.open(file) as picture:
        gdal = float(picture.read(1)[0, 300])
    seen[nodata] = gdal, float(tifffile.imread(file)[0, 300])
    print(f"NODATA {nodata}, tile left out: {gdal} in GDAL, {seen[nodata][1]} in tifffile")
lowest = float(np.finfo(np.float32).min)
sys.exit(list(seen.values()) != [(-9999.0, -9999.0), (lowest, 0.0)])
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
