from __future__ import annotations

import numpy as np
from PIL import Image
from testing.command import refused, run


def read_ply(path):
    """Read a binary PLY file of triangles by its header."""
    head, _, data = path.read_bytes().partition(b"end_header\n")
    counts = {
        line.split()[1]: int(line.split()[2])
        for line in head.decode().splitlines()
        if line.startswith("element")
    }
    vertices = np.frombuffer(data, "<f4", 3 * counts["vertex"]).reshape(-1, 3)
    row = np.dtype([("count", "u1"), ("corners", "<i4", (3,))])
    faces = np.frombuffer(data, row, counts.get("face", 0), vertices.nbytes)
    assert len(data) == vertices.nbytes + faces.nbytes
    assert (faces["count"] == 3).all()
    return vertices, faces["corners"]


def test_cloud_writes_points_and_surfaces(capsys, tmp_path):
    numbers = np.full((3, 4), 2000, np.uint16)
    numbers[0, 0] = 0
    Image.fromarray(numbers).save(tmp_path / "a.png")
    made = tmp_path / "new" / "a.ply"
    ask = ("cloud", tmp_path / "a.png", "-o", made, "--intrinsics", "10,10,1.5,1")
    code, out, _ = run(capsys, *ask)
    assert (code, "wrote 11 points to" in out) == (0, True)
    vertices, faces = read_ply(made)
    assert (len(vertices), len(faces)) == (11, 0)
    np.testing.assert_allclose(vertices[0], [(1 - 1.5) / 10 * 2, (0 - 1) / 10 * 2, 2], rtol=1e-6)
    assert "exists" in refused(capsys, *ask)
    code, out, _ = run(capsys, *ask, "--mesh", "--overwrite", "--scale", 2)
    assert (code, "11 points and 11 triangles" in out) == (0, True)
    vertices, faces = read_ply(made)
    assert sorted(set(faces.ravel())) == list(range(11))
    np.testing.assert_allclose(vertices[0], [(1 - 3.5) / 20 * 2, (0 - 2.5) / 20 * 2, 2], rtol=1e-6)
    for more, says in [
        (("--intrinsics", "10,10,1"), "give fx,fy,cx,cy"),
        (("--intrinsics", "0,10,1,1"), "focal lengths above 0"),
        (("--intrinsics", "1,1,1,1", "--steepest", 90), "between 0 and 90"),
        (("--intrinsics", "1,1,1,1", "--scale", 0), "give 1, or the factor"),
        (("--intrinsics", "1,1,1,1", "--encoding", "levels16"), "no focal length and baseline"),
    ]:
        other = ("cloud", tmp_path / "a.png", "-o", tmp_path / "b.ply", *more)
        assert says in refused(capsys, *other)
    assert "allowed is .ply" in refused(
        *(capsys, "cloud", tmp_path / "a.png", "-o", tmp_path / "b.obj", "--intrinsics", "1,1,1,1")
    )
