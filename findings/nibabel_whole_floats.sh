#!/usr/bin/env bash
# nibabel 5.4.2, NIfTI images that are stored as whole numbers, seen 2026-11-29 on Linux.
#
# One would expect: floats that are whole numbers, millimetres from 0 to 4000, come back exactly from an image with
# set_data_dtype(np.uint16), as every one of them fits. NaN is refused or declared.
#
# What happens: the numbers are stretched to the whole range of the type, with a slope in the header, and 1000
# comes back as 1000.015. NaN comes back as 0, or, where the lowest number is below 0, as a number close to it. Readers
# that take the stored numbers see 16384 for 1000. For numbers below 0 in unsigned types, the slope is negative.
#
# Whoever wants the numbers stored as they are rounds and casts the array, not the image.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q nibabel==5.4.2 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import nibabel
import numpy as np


def stored(numbers: list[float], kind: type) -> tuple[list[float], list[int], float]:
    image = nibabel.Nifti1Image(np.array(numbers).reshape(-1, 1, 1), np.eye(4))
    image.set_data_dtype(kind)
    nibabel.save(image, f"{sys.argv[1]}/a.nii")
    back = nibabel.load(f"{sys.argv[1]}/a.nii")
    raw = back.dataobj.get_unscaled().ravel().tolist()
    return back.get_fdata().ravel().tolist(), raw, back.dataobj.slope


millimetres = [0.0, 1000.0, 2500.0, 4000.0, float("nan")]
back, raw, slope = stored(millimetres, np.uint16)
print(f"{millimetres} come back as {back}, stored as {raw}, slope {slope}")
signed, _, negative = stored([-4.0, 1.0, 2.5, float("nan")], np.uint16)
print(f"[-4, 1, 2.5, nan] come back as {signed}, slope {negative}")
changed = back[1] == 1000 or back[4] != 0 or raw[1] == 1000 or negative > 0 or signed[3] == 0
sys.exit(changed)
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
