from __future__ import annotations

import json
import re

import h5py
import numpy as np
import torch
from PIL import Image
from testing.command import refused, run

from dsdmsr import degrade, read_depth
from dsdmsr.data.scenes.rendered import render_depth


def test_info_says_what_a_file_is(capsys, tmp_path):
    numbers = np.array([[0, 1000, 1500], [2000, 2000, 4000]], np.uint16)
    Image.fromarray(numbers).save(tmp_path / "a.png")
    np.save(tmp_path / "b.npy", np.zeros((2, 2), np.float32) + 0.5)
    code, out, _ = run(capsys, "info", "--full", tmp_path / "a.png", tmp_path / "b.npy")
    assert code == 0
    for line in (
        "size      3×2, uint16",
        "encoding  mm: 16-bit, 1000 per metre",
        "assumed, --encoding changes it",
        "kind      depth, in metres",
        "holes     1 of 6 pixels (16.7%)",
        "range     1 to 4 m, median 2 m",
        "levels    4 different values",
        "from           1 m",
        "40.0%",
        "size      2×2, float32",
        "kind      depth, unit unknown",
        "range     0.5 to 0.5",
    ):
        assert line in out
    assert "noise" not in out
    noisy = np.random.default_rng(0).normal(2000, 20, (40, 40)).astype(np.uint16)
    Image.fromarray(noisy).save(tmp_path / "noisy.png")
    _, out, _ = run(capsys, "info", tmp_path / "noisy.png")
    assert re.search(r"noise     about 0\.0(19|2|21) m \(0\.1\d+ of the range\), an estimate", out)
    code, out, _ = run(capsys, "info", tmp_path / "a.png", "--encoding", "kitti")
    assert "kitti" in out
    assert "assumed" not in out
    assert "does not exist" in refused(capsys, "info", tmp_path / "c.png")
    (tmp_path / "d.png").write_bytes(b"no picture")
    code, out, err = run(capsys, "info", tmp_path / "d.png", tmp_path / "b.npy")
    assert (code, "d.png" in err, "float32" in out) == (1, True, True)
    assert "is unknown" in refused(capsys, "info", tmp_path / "a.png", "--encoding", "cm")


def test_what_the_file_says_is_not_assumed(capsys, tmp_path):
    for name, units in (("said", "m"), ("guessed", "")):
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            file["depth"] = np.full((4, 5), 2.5, np.float32)
            file["depth"].attrs["units"] = units
    lines = {
        name: run(capsys, "info", tmp_path / f"{name}.h5")[1].splitlines()[2]
        for name in ("said", "guessed")
    }
    assert lines["said"] == "  encoding  metres: float depth in metres, 0 = no depth"
    assert lines["guessed"].endswith("assumed, --encoding changes it")
    other = run(capsys, "info", tmp_path / "said.h5", "--from-kind", "disparity")[1]
    assert "assumed, --encoding changes it" in other


def test_info_says_how_a_map_was_downsampled(capsys, tmp_path):
    truth = np.array(render_depth(2**40 + 7, 1, (480, 640)).values)
    large = torch.from_numpy(truth)[None, None]
    for made, looks in (("bicubic", "antialiased bicubic"), ("interval", "samples, as sensors")):
        small, _ = degrade(large, 4, made, torch.ones_like(large, dtype=torch.bool))
        np.save(tmp_path / f"{made}.npy", small[0, 0].numpy())
        assert looks in run(capsys, "info", tmp_path / f"{made}.npy")[1]
        said = json.loads(run(capsys, "info", "--json", tmp_path / f"{made}.npy")[1])
        assert said["degradation"]["name"] == {"interval": "samples"}.get(made, made)
    np.save(tmp_path / "flat.npy", np.ones((40, 40), np.float32))
    assert "  steps" not in run(capsys, "info", tmp_path / "flat.npy")[1]
    assert (
        json.loads(run(capsys, "info", "--json", tmp_path / "flat.npy")[1])["degradation"] is None
    )


def test_several_files_get_a_line_each(capsys, tmp_path):
    numbers = np.array([[0, 1000, 1500], [2000, 2000, 4000]], np.uint16)
    Image.fromarray(numbers).save(tmp_path / "a.png")
    np.save(tmp_path / "b.npy", np.full((2, 2), np.nan, np.float32))
    far = np.linspace(1, 2, 64, dtype=np.float32).reshape(8, 8)
    far[:2] = 1e10
    np.save(tmp_path / "c.npy", far)
    code, out, _ = run(capsys, "info", tmp_path, "--invalid", 1500)
    assert code == 0
    assert out.splitlines() == [
        f"{tmp_path}/a.png: 3×2 uint16; mm (assumed), depth; 1 to 4 m; 33.3% holes",
        f"{tmp_path}/b.npy: 2×2 float32; float (assumed), depth; no pixel is valid",
        f"{tmp_path}/c.npy: 8×8 float32; float (assumed), depth; 1.25397 to 2; 25.0% holes; "
        "1 note, see --full",
    ]


def test_json_says_all_without_rounding(capsys, tmp_path):
    numbers = np.random.default_rng(0).uniform(1, 2, (9, 8)).astype(np.float32)
    numbers[0, 0] = np.inf
    numbers[1, :2] = np.nan
    np.save(tmp_path / "a.npy", numbers)
    code, out, err = run(capsys, "info", "--json", tmp_path / "a.npy", "--encoding", "inverse")
    assert (code, err) == (0, "")
    told = json.loads(out)
    depth = read_depth(tmp_path / "a.npy", "inverse")
    for field in ("kind", "unit", "encoding", "intrinsics", "stereo"):
        assert told[field] == getattr(depth, field)
    assert told["shape"] == [9, 8]
    assert (told["pixels"], told["valid_pixels"]) == (72, 69)
    values = depth.values[depth.valid]
    assert told["minimum"] == float(values.min())
    assert told["maximum"] == float(values.max())
    assert told["median"] == float(np.median(values.astype(np.float64)))
    assert sum(told["histogram"]["counts"]) == 69
    assert told["metadata"]["invalid"] == "NaN"
    assert told["encoding_assumed"] is False


def test_json_of_several_files_is_a_list_with_its_failures(capsys, tmp_path):
    for name in "ab":
        Image.fromarray(np.zeros((2, 3), np.uint16)).save(tmp_path / f"{name}.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    code, out, err = run(capsys, "info", "--json", tmp_path)
    assert (code, "failed: " in err) == (1, True)
    first, second = json.loads(out)
    assert (first["valid_pixels"], first["minimum"], first["histogram"]) == (0, None, None)
    assert second.keys() == {"path", "error"}
    (tmp_path / "b.png").unlink()
    assert len(json.loads(run(capsys, "info", "--json", tmp_path)[1])) == 1
    assert "b.png does not exist" in refused(capsys, "info", "--json", tmp_path / "b.png")
    assert "leave --full out" in refused(capsys, "info", "--json", "--full", tmp_path)


def test_a_folder_without_files_is_one_line(capsys, tmp_path):
    assert "holds no depth file (.png, .pgm" in refused(capsys, "info", tmp_path)
    Image.fromarray(np.ones((2, 3), np.uint16)).save(tmp_path / "a.png")
    (tmp_path / "in").mkdir()
    (tmp_path / "a.png").rename(tmp_path / "in" / "a.png")
    assert refused(capsys, "info", tmp_path).endswith("--recursive looks in its folders, too")
    code, out, _ = run(capsys, "info", tmp_path, "--recursive")
    assert (code, "size      3×2" in out) == (0, True)


def test_what_is_no_depth_is_told_by_options(capsys, tmp_path):
    numbers = np.full((10, 10), 4000, np.uint16)
    numbers[0], numbers[1, :5], numbers[2] = 65535, 7, 8000
    Image.fromarray(numbers).save(tmp_path / "a.png")
    floats = np.where(numbers == 65535, -9999.0, numbers / 1000).astype(np.float32)
    np.save(tmp_path / "b.npy", floats)
    for name, options, holes in (
        ("a.png", "--invalid none", 0),
        ("a.png", "", 10),
        ("a.png", "--invalid 7", 15),
        ("a.png", "--invalid 7 --invalid none", 5),
        ("a.png", "--invalid 7 --invalid 65535 --invalid none", 15),
        ("a.png", "--invalid none --invalid-above 10", 10),
        ("a.png", "--invalid-above 5", 20),
        ("a.png", "--farthest-invalid", 20),
        ("a.png", "--units-per-metre 4000 --invalid-above 1.5", 20),
        ("b.npy", "--encoding metres --invalid -9999", 10),
        ("b.npy", "--encoding metres --invalid=-9999 --invalid 4", 85),
        ("b.npy", "--encoding metres", 10),
    ):
        code, out, _ = run(capsys, "info", tmp_path / name, *options.split())
        assert (code, f"holes     {holes} of 100" in out) == (0, True), (options, out)
    # The file may come after it.
    code, out, _ = run(capsys, "info", "--invalid", 7, tmp_path / "a.png")
    assert (code, "holes     15 of 100" in out) == (0, True)
    _, out, _ = run(capsys, "info", tmp_path / "a.png", "--units-per-metre", 4000)
    assert "range     0.00175 to 2 m" in out
    assert "4000 per metre" in out
    for options, said in (
        ("--invalid x", "invalid is 'x': give a number, or none"),
        ("--invalid-above high", "--invalid-above is 'high': give a number"),
        ("--invalid-above nan", "above is NaN"),
        ("--units-per-metre 0", "units-per-metre is 0: give a number above 0"),
        ("--units-per-metre 5 --encoding mm", "say the same: give one"),
        ("--encoding kiti", "did you mean kitti?"),
        ("--from-kind dispariy", 'Did you mean "disparity"?'),
        ("--encodign mm", "Did you mean --encoding?"),
    ):
        assert said in refused(capsys, "info", tmp_path / "a.png", *options.split())
