#!/usr/bin/env bash
# laspy 2.7.0, heights of point clouds (LAS), seen 2026-11-29 on Linux.
#
# One would expect: heights that do not fit into 32 bits with the file's scale are refused, as OverflowError, and so is
# NaN, which whole numbers cannot hold.
#
# What happens: 1e10, a renderer's background, is refused alone, and so is infinity; where one height is NaN, nothing is
# checked: both are written as -21474836.48 metres, and so is 1e10 beside a NaN. Comparisons with NaN are false,
# and the check compares the largest and the smallest. NumPy's warning about a cast is all that is seen.
#
# Whoever writes points leaves out those that are not finite.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q laspy==2.7.0 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys
import warnings

import laspy
import numpy as np

warnings.simplefilter("ignore", RuntimeWarning)


def written(heights: list[float]) -> list[float] | str:
    cloud = laspy.LasData(laspy.LasHeader(point_format=3, version="1.4"))
    cloud.x = cloud.y = np.arange(3.0)
    try:
        cloud.z = np.array(heights)
    except OverflowError:
        return "OverflowError"
    cloud.write(f"{sys.argv[1]}/a.las")
    return np.array(laspy.read(f"{sys.argv[1]}/a.las").z).tolist()


nan = float("nan")
lowest = -21474836.48
cases = [
    ([1.5, 2.5, 1e10], "OverflowError"),
    ([1.5, 2.5, nan], [1.5, 2.5, lowest]),
    ([1.5, nan, 1e10], [1.5, lowest, lowest]),
]
changed = False
for heights, expected in cases:
    seen = written(heights)
    print(f"{heights}: {seen}")
    changed = changed or seen != expected
sys.exit(changed)
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
