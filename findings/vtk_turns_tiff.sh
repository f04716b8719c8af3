#!/usr/bin/env bash
# VTK 9.7.2, TIFF files, seen 2026-11-29 on Linux.
#
# One would expect: vtkTIFFReader reads what vtkTIFFWriter wrote, as vtkPNGReader and vtkPNGWriter agree.
#
# What happens: each round through TIFF turns the picture upside down: the writer puts VTK's last row, the top one,
# first and says so (orientation 1), as others expect it; the reader takes the file's first row for VTK's first, the
# bottom one. PNG keeps the rows.
#
# Whoever reads depth from TIFF by VTK flips the rows.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q vtk==9.7.2 numpy==2.4.6 2>/dev/null
cat > "$folder/look.py" <<'PY'
import sys

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

rows = np.array([[1, 2], [3, 4], [5, 6]], np.uint16)
seen = {}
for form, suffix in (("PNG", "png"), ("TIFF", "tif")):
    file = f"{sys.argv[1]}/a.{suffix}"
    image = vtk.vtkImageData()
    image.SetDimensions(2, 3, 1)
    image.GetPointData().SetScalars(numpy_to_vtk(rows.ravel(), deep=True))
    writer = getattr(vtk, f"vtk{form}Writer")()
    writer.SetFileName(file)
    writer.SetInputData(image)
    writer.Write()
    reader = getattr(vtk, f"vtk{form}Reader")()
    reader.SetFileName(file)
    reader.Update()
    again = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars()).reshape(3, 2)
    seen[form] = again.tolist()
    print(f"{form}: rows {rows.tolist()} come back as {seen[form]}")
sys.exit(seen != {"PNG": rows.tolist(), "TIFF": rows[::-1].tolist()})
PY
"$folder/venv/bin/python" "$folder/look.py" "$folder"
