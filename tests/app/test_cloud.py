from __future__ import annotations

import numpy as np
from PIL import Image
from testing.command import refused, run

import dsdmsr
from tools.source_files.dmaps import dmap


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
    assert "allowed are .ply, .pcd" in refused(
        *(capsys, "cloud", tmp_path / "a.png", "-o", tmp_path / "b.obj", "--intrinsics", "1,1,1,1")
    )


def read_pcd(path):
    """Read a binary PCD file by its header: places, and colours or None."""
    head, _, data = path.read_bytes().partition(b"DATA binary\n")
    lines = [line.split() for line in head.decode().splitlines() if not line.startswith("#")]
    header = {key: rest for key, *rest in lines}
    names, count = header["FIELDS"], int(header["POINTS"][0])
    assert header["TYPE"] == ["F"] * len(names)
    assert header["SIZE"] == ["4"] * len(names)
    assert int(header["WIDTH"][0]) * int(header["HEIGHT"][0]) == count
    rows = np.frombuffer(data, np.dtype([(name, "<f4") for name in names]), count)
    assert rows.nbytes == len(data)
    places = np.stack([rows[name] for name in "xyz"], -1)
    if "rgb" not in names:
        return places, None
    bits = np.ascontiguousarray(rows["rgb"]).view("<u4")
    return places, np.stack([bits >> 16, bits >> 8 & 255, bits & 255], -1)


def read_coloured_ply(path):
    """Read places and colours of a binary PLY file of points."""
    head, _, data = path.read_bytes().partition(b"end_header\n")
    properties = [line.split()[1:] for line in head.decode().splitlines() if "property" in line]
    kinds = {"float": "<f4", "uchar": "u1"}
    rows = np.frombuffer(data, np.dtype([(name, kinds[kind]) for kind, name in properties]))
    places = np.stack([rows[name] for name in "xyz"], -1)
    return places, np.stack([rows[name] for name in ("red", "green", "blue")], -1)


def test_points_take_the_colours_of_a_picture(capsys, tmp_path, rng):
    numbers = rng.integers(500, 3000, (6, 8)).astype(np.uint16)
    numbers[2, 3] = 0
    Image.fromarray(numbers).save(tmp_path / "a.png")
    colours = rng.integers(0, 256, (6, 8, 3)).astype(np.uint8)
    Image.fromarray(colours).save(tmp_path / "colour.png")
    ask = ("cloud", tmp_path / "a.png", "--intrinsics", "10,10,1.5,1")
    for name in ("a.ply", "a.pcd"):
        taking = ("--colour", tmp_path / "colour.png", "-o", tmp_path / name)
        assert run(capsys, *ask, *taking)[0] == 0
    places, found = read_pcd(tmp_path / "a.pcd")
    np.testing.assert_array_equal(found, colours[numbers > 0])
    np.testing.assert_allclose(places[:, 2], numbers[numbers > 0] / 1000, rtol=1e-6)
    for one, other in zip(read_coloured_ply(tmp_path / "a.ply"), (places, found), strict=True):
        np.testing.assert_array_equal(one, other)
    assert run(capsys, *ask, "-o", tmp_path / "plain.pcd")[0] == 0
    assert read_pcd(tmp_path / "plain.pcd")[1] is None
    assert run(capsys, *ask, "--colour", "depth", "--mesh", "-o", tmp_path / "m.ply")[0] == 0
    assert run(capsys, *ask, "--colour", "depth", "-o", tmp_path / "d.pcd")[0] == 0
    places, found = read_pcd(tmp_path / "d.pcd")
    near, far = places[:, 2].argmin(), places[:, 2].argmax()
    assert found[near].sum() > found[far].sum()  # bright is near


def test_a_larger_picture_is_resampled_and_one_of_another_view_refused(capsys, tmp_path):
    Image.fromarray(np.full((6, 8), 1000, np.uint16)).save(tmp_path / "a.png")
    ask = ("cloud", tmp_path / "a.png", "--intrinsics", "10,10,1.5,1", "-o", tmp_path / "a.pcd")
    Image.new("RGB", (80, 60), (10, 200, 30)).save(tmp_path / "large.jpg")
    assert run(capsys, *ask, "--colour", tmp_path / "large.jpg")[0] == 0
    assert np.abs(read_pcd(tmp_path / "a.pcd")[1].astype(int) - [10, 200, 30]).max() <= 2
    Image.new("RGB", (80, 50)).save(tmp_path / "other.png")
    again = (*ask, "--overwrite", "--colour")
    assert "no view of a map of 8×6" in refused(capsys, *again, tmp_path / "other.png")
    assert "cannot be read as a picture" in refused(capsys, *again, tmp_path / "none.png")
    assert "more than 8 bits" in refused(capsys, *again, tmp_path / "a.png")
    assert "leave out --mesh" in refused(capsys, *ask, "--overwrite", "--mesh")


def test_the_files_own_camera_is_taken(capsys, tmp_path):
    (tmp_path / "a.dmap").write_bytes(dmap(np.full((4, 6), 2.0, np.float32)))
    camera = dsdmsr.read_depth(tmp_path / "a.dmap").intrinsics
    assert run(capsys, "cloud", tmp_path / "a.dmap", "-o", tmp_path / "a.ply")[0] == 0
    text = f"{camera.fx!r},{camera.fy!r},{camera.cx!r},{camera.cy!r}"
    given = ("cloud", tmp_path / "a.dmap", "--intrinsics", text)
    assert run(capsys, *given, "-o", tmp_path / "b.ply")[0] == 0
    assert (tmp_path / "a.ply").read_bytes() == (tmp_path / "b.ply").read_bytes()
    ask = ("cloud", tmp_path / "a.dmap", "-o", tmp_path / "c.ply", "--scale", 2)
    assert "give --intrinsics, too" in refused(capsys, *ask)
    np.save(tmp_path / "a.npy", np.ones((4, 6)))
    ask = ("cloud", tmp_path / "a.npy", "-o", tmp_path / "c.ply")
    assert "no camera is known" in refused(capsys, *ask)
