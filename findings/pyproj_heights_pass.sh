#!/usr/bin/env bash
# pyproj 3.7.2 with the PROJ of its wheel, heights above the ellipsoid and above sea level, seen 2026-11-29 on Linux.
#
# One would expect: turning GPS heights (EPSG:4979) into heights above the geoid EGM96 or EGM2008 lowers them by some
# 46 metres in Munich; or an error says that the geoid's grid is not installed.
#
# What happens: the height comes back as it went in, without a warning, both ways. A "ballpark" operation stands in for
# the grid, which the wheel does not carry. Its accuracy says -1, which nothing prints. Units, and the sign of
# depths, are changed, so that the numbers look transformed.
#
# Whoever transforms heights passes allow_ballpark=False, which raises, and installs the grid.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pyproj==3.7.2 2>/dev/null
cat > "$folder/look.py" <<'PY'
import os
import sys
import warnings

os.environ["PROJ_NETWORK"] = "OFF"
warnings.simplefilter("error")
from pyproj import Transformer  # noqa: E402

targets = {
    "EGM96": "EPSG:4326+5773",
    "EGM2008": "EPSG:4326+3855",
    "depth below sea level": "EPSG:4326+5715",
}
seen = {}
for name, target in targets.items():
    transformer = Transformer.from_crs("EPSG:4979", target, always_xy=True)
    seen[name] = transformer.transform(11.5, 48.1, 500.0)[2]
    print(f"500 m above the ellipsoid, {name}: {seen[name]}, accuracy {transformer.accuracy}")
try:
    strict = Transformer.from_crs("EPSG:4979", targets["EGM96"], allow_ballpark=False)
    print("allow_ballpark=False:", strict.transform(48.1, 11.5, 500.0)[2])
except Exception as error:
    print("allow_ballpark=False:", type(error).__name__, error)
sys.exit(list(seen.values()) != [500.0, 500.0, -500.0])
PY
"$folder/venv/bin/python" "$folder/look.py"
