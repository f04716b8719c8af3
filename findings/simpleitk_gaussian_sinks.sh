#!/usr/bin/env bash
# SimpleITK 2.5.7, DiscreteGaussian on whole numbers, seen 2026-11-29 on Linux.
#
# One would expect: a Gaussian of a flat map is the map: the weights add up to 1, and 5 stays 5, at worst 4 from
# cutting decimals once. With float32 it does.
#
# What happens: of unsigned 16-bit numbers, 5 becomes 3 and 1001 becomes 999, by default (variance 1), since
# decimals are cut after each axis, and 5000 stays 5000. With a variance of 4, all are right. A map of millimetres or
# of grey levels sinks, by as much as its numbers happen to need.
#
# Whoever smooths with SimpleITK casts to float32 before, and rounds after.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q simpleitk==2.5.7 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import numpy as np
import SimpleITK


def smoothed(number: int, kind: type, variance: float) -> float:
    flat = SimpleITK.GetImageFromArray(np.full((21, 21), number, kind))
    levels = np.unique(SimpleITK.GetArrayFromImage(SimpleITK.DiscreteGaussian(flat, variance)))
    return float(levels[0]) if len(levels) == 1 else float("nan")


cases = {(5, 1.0): 3, (1001, 1.0): 999, (5000, 1.0): 5000, (5, 4.0): 5, (1001, 4.0): 1001}
changed = False
for (number, variance), sunk in cases.items():
    whole = smoothed(number, np.uint16, variance)
    real = smoothed(number, np.float32, variance)
    print(f"flat {number}, variance {variance}: uint16 {whole}, float32 {real}")
    changed = changed or whole != sunk or abs(real - number) > 0.01
sys.exit(changed)
PY
"$folder/venv/bin/python" "$folder/look.py"
