from __future__ import annotations

import csv
import json
import re
import subprocess
import sys

import h5py
import numpy as np
import pytest
import torch
import yaml
from PIL import Image

import dsdmsr
from dsdmsr import DepthMap, TemporalFilter, degrade, read_depth, write_depth
from dsdmsr.app.cli import main
from dsdmsr.data.scenes.rendered import render_depth
from dsdmsr.depth.estimate import looks_noisy
from dsdmsr.training.recipe import load_recipe, recipe_from_dict


@pytest.fixture
def small(tmp_path):
    """A small 16-bit PNG in millimetres with a hole."""
    numbers = np.full((6, 8), 1500, np.uint16)
    numbers[:, 4:] = 2500
    numbers[0, 0] = 0
    Image.fromarray(numbers).save(tmp_path / "small.png")
    return tmp_path / "small.png"


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    code = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def refused(capsys, *arguments: object) -> str:
    """Run what must be refused: exit code 2, and one line."""
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert "Traceback" not in err
    lines = [line for line in (out + err).splitlines() if line.strip()]
    assert len(lines) == 1, lines
    assert lines[0].startswith("dsdmsr: ")
    return lines[0]


def test_one_file_becomes_a_larger_one_in_its_encoding(capsys, tmp_path, small):
    big = tmp_path / "new" / "big.png"
    code, out, err = run(capsys, "upscale", small, "-o", big, "--scale", 4)
    assert code == 0
    assert str(big) in out
    assert "read as mm" in err
    with Image.open(big) as image:
        assert image.mode.startswith("I;16")
        numbers = np.asarray(image)
    assert numbers.shape == (24, 32)
    assert (numbers[:3, :4] == 0).all()
    assert numbers[3, 3] > 0, "a corner of a hole is cut"
    assert abs(int(numbers[20, 2]) - 1500) < 25
    assert abs(int(numbers[20, 30]) - 2500) < 25


@pytest.mark.parametrize(
    ("model", "sigma", "said"),
    [
        ("auto", 0.0, "looks clean: enlarged by dsdmsr-base"),
        ("auto", 0.02, "looks noisy: enlarged by dsdmsr-robust"),
        (None, 0.02, "looks noisy: --model dsdmsr-robust removes noise"),
        (None, 0.0, None),
        ("dsdmsr-fast", 0.02, None),
    ],
)
def test_noisy_maps_are_for_the_robust_network(capsys, tmp_path, rng, model, sigma, said):
    truth = np.where(np.arange(40) < 20, 1.0, 2.0) * np.ones((30, 1))
    np.save(tmp_path / "a.npy", (truth + sigma * rng.normal(size=truth.shape)).astype(np.float32))
    chosen = [] if model is None else ["--model", model]
    command = ["upscale", tmp_path / "a.npy", "-o", tmp_path / "b.npy", "--scale", 2, *chosen]
    code, _, err = run(capsys, *command)
    assert code == 0
    assert ("looks" in err) == (said is not None)
    assert said is None or said in err
    _, shown, _ = run(capsys, "info", tmp_path / "a.npy")
    assert ("dsdmsr-robust" if sigma else "dsdmsr-base") + " serves" in shown


def test_each_map_of_a_folder_gets_its_network(capsys, tmp_path, rng):
    truth = np.where(np.arange(40) < 20, 1.0, 2.0) * np.ones((30, 1))
    frames = tmp_path / "frames"
    frames.mkdir()
    for name, sigma in (("clean", 0), ("noisy", 0.02)):
        noisy = truth + sigma * rng.normal(size=truth.shape)
        np.save(frames / f"{name}.npy", noisy.astype(np.float32))
    command = ["upscale", frames, "-o", tmp_path / "out", "--scale", 2, "--model", "auto"]
    code, _, err = run(capsys, *command)
    assert code == 0
    assert "clean.npy: looks clean" in err
    assert "noisy.npy: looks noisy" in err
    made = {name: np.load(tmp_path / "out" / f"{name}.npy") for name in ("clean", "noisy")}
    for name, network in (("clean", "dsdmsr-base"), ("noisy", "dsdmsr-robust")):
        upscaler = dsdmsr.Upscaler.from_pretrained(network, scale=2, device="cpu")
        alone = upscaler(read_depth(frames / f"{name}.npy"))
        np.testing.assert_allclose(made[name], alone.values, atol=1e-6)
    # What cannot be done is told before any file.
    assert "scale" in refused(capsys, *command[:4], "--scale", 17, "--model", "auto")


def test_an_encoding_that_is_given_is_not_announced(capsys, tmp_path, small):
    code, _, err = run(
        capsys, "upscale", small, "-o", tmp_path / "b.png", "--scale", 2, "--encoding", "tum"
    )
    assert code == 0
    assert "read as" not in err
    assert read_depth(tmp_path / "b.png", "tum").values.max() < 0.6


def test_png_to_npy_keeps_metres(capsys, tmp_path, small):
    assert run(capsys, "upscale", small, "-o", tmp_path / "b.npy", "--scale", 2)[0] == 0
    assert read_depth(tmp_path / "b.npy", "mm").values.max() == pytest.approx(2.5, abs=0.11)


def test_folders_and_patterns_and_a_failure_among_many(capsys, tmp_path, small):
    frames = tmp_path / "frames"
    frames.mkdir()
    for name in "ab":
        (frames / f"{name}.png").write_bytes(small.read_bytes())
    (frames / "notes.txt").write_text("not a depth file")
    code, out, _ = run(capsys, "upscale", frames, "-o", tmp_path / "out", "--scale", 2)
    assert code == 0
    assert "wrote 2 files" in out
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a.png", "b.png"]

    (frames / "c.png").write_bytes(small.read_bytes()[:50])
    pattern = frames / "*.png"
    code, out, err = run(capsys, "upscale", pattern, "-o", tmp_path / "out2", "--scale", 2)
    assert code == 1
    assert "wrote 2 files" in out
    assert "failed: " in err
    assert "c.png is damaged" in err
    assert sorted(p.name for p in (tmp_path / "out2").iterdir()) == ["a.png", "b.png"]

    code, _, err = run(capsys, "upscale", frames, "-o", tmp_path / "out", "--scale", 2)
    assert code == 1
    assert err.count("exists") == 2
    code, _, _ = run(capsys, "upscale", frames, "-o", tmp_path / "out", "--scale", 2, "--overwrite")
    assert code == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            ("cut.png", b"\x89PNG\r\n\x1a\n\0\0", "damaged|not a PNG"),
            ("cut.pfm", b"Pf\n3 3\n-1\n123", "promises 3×3 pixels"),
            ("huge.pfm", b"Pf\n100000 100000\n-1\n1234", "promises 100000×100000"),
            ("cut.npz", b"PK\x03\x04123", "damaged|not"),
        ],
    )
    def test_damaged_files(self, capsys, tmp_path, name, content, says):
        (tmp_path / name).write_bytes(content)
        out = tmp_path / f"big{name[-4:]}"
        line = refused(capsys, "upscale", tmp_path / name, "-o", out, "--scale", 2)
        assert any(part in line for part in says.split("|"))
        assert not out.exists()

    def test_arrays_that_are_no_maps(self, capsys, tmp_path):
        objects = np.array([{"a": 1}], dtype=object)
        np.save(tmp_path / "p.npy", objects, allow_pickle=True)
        np.save(tmp_path / "z.npy", np.zeros((0, 5)))
        np.save(tmp_path / "n.npy", np.array([[-1.0]]))
        np.save(tmp_path / "i.npy", np.full((3, 3), np.nan))
        Image.new("RGB", (4, 4)).save(tmp_path / "c.png")
        for name, says in [
            ("p.npy", "pickled"),
            ("z.npy", "both at least 1"),
            ("n.npy", "1 pixels are negative"),
            ("i.npy", "no pixel of the map is valid"),
            ("c.png", "give a grey one"),
        ]:
            out = tmp_path / f"big{name[-4:]}"
            line = refused(capsys, "upscale", tmp_path / name, "-o", out, "--scale", 2)
            assert says in line
            assert not out.exists()

    def test_paths_and_names(self, capsys, tmp_path, small):
        out = tmp_path / "b.png"
        (tmp_path / "dir.png").mkdir()
        (tmp_path / "empty").mkdir()
        old = tmp_path / "old.png"
        old.write_text("mine")
        ask = ("-o", out, "--scale", 2)
        for arguments, says in [
            (("none.png", *ask), "none.png does not exist"),
            ((tmp_path / "*.exr", *ask), "matches no file"),
            ((tmp_path / "empty", "-o", tmp_path / "o", "--scale", 2), "holds no depth file"),
            ((tmp_path / "empty", *ask), "give -o a folder"),
            ((small, small, *ask), "is one file: give -o a folder"),
            ((small, small, "-o", tmp_path / "o", "--scale", 2), "two inputs are called"),
            ((small, "-o", small / "x.png", "--scale", 2), "cannot be written"),
            ((small, "-o", small, "--scale", 2), "replaced by an enlargement"),
            ((small, "-o", old, "--scale", 2), "old.png exists"),
            ((small, *ask, "--model", "dsdmsr-huge"), "model 'dsdmsr-huge' not found: give one of"),
            ((small, *ask, "--encoding", "cm"), "encoding 'cm' is unknown: allowed are mm"),
            ((small, *ask, "--encoding", "levels8"), "is unknown"),
            ((small, *ask, "--device", "tpu"), "device 'tpu' is not there"),
            ((small, "-o", out, "--scale", 17), "allowed are whole numbers from 2 to 16"),
            ((small, *ask, "--size", "9x9"), "give a scale or a size, one of them"),
            ((small, "-o", out, "--size", "9by9"), "give WIDTHxHEIGHT, such as 640x480"),
            ((small, "-o", out, "--size", "2x2"), "size is 2x2 for a map of"),
            ((small, *ask, "--resume", "--overwrite"), "--resume keeps files"),
            ((small, *ask, "--from-kind", "height"), "--from-kind"),
            ((small, *ask, "--from-kind", "inverse_depth"), "no encoding of kind inverse_depth"),
            (
                (small, *ask, "--from-kind", "disparity", "--encoding", "mm"),
                "encoding 'mm' is of kind depth, not disparity",
            ),
            ((small, *ask, "--to-kind", "disparity"), "no focal length and baseline are known"),
            ((small, *ask, "--to-kind", "inverse_depth"), "a PNG cannot hold inverse_depth in m"),
            ((small, *ask, "--focal", 5, "--baseline", 1), "serve --to-kind: give it"),
            ((small, *ask, "--focal", 5), "--focal and --baseline go together"),
            ((small, *ask, "--doffs", 5), "--focal and --baseline go together"),
            ((small, *ask, "--focal", 0, "--baseline", 1), "focal is 0: give a number above 0"),
            ((small, *ask, "--focal", 1, "--baseline", 1, "--calib", "x"), "give either"),
            ((small, *ask, "--to-kind", "disparity", "--calib", "no.txt"), "no.txt cannot be read"),
            (
                (small, *ask, "--focal", 1, "--baseline", 1, "--doffs", "nan"),
                "give a finite number",
            ),
            ((small, "-o", out, "--scale", "four"), "--scale"),
            ((small, *ask, "--ensemble", 4), "--ensemble"),
            ((small, *ask, "--fill", 4), "--fill and --filled go together"),
            ((small, *ask, "--filled", tmp_path / "m.png"), "--fill and --filled go together"),
            ((small, *ask, "--fill", 4, "--filled", out), "is an input or an output, too"),
            ((small, *ask, "--fill", 4, "--filled", old), "old.png exists"),
            ((small, *ask, "--fill", 4, "--filled", "m.npy"), "allowed is .png, or a folder"),
            ((small, *ask, "--tile", 0), "tile is 0: give auto, or 1 or more"),
            ((small, *ask, "--tile", "large"), "--tile"),
            ((small, "-o", out), "give a scale or a size"),
            ((small, "--scale", 2), "--output"),
            ((small, *ask, "--colour"), "--colour"),
            (("-o", out, "--scale", 2), "IN"),
            ((small, "-o", tmp_path / "b.bmp", "--scale", 2), "ends in .bmp: allowed are .png"),
            ((small, "-o", small, "--scale", 2, "--overwrite"), "replaced by an enlargement"),
            ((tmp_path / ("x" * 300 + ".png"), *ask), "cannot be read"),
            ((small, *ask, "--output-encoding", "cm"), "encoding 'cm' is unknown"),
            ((small, *ask, "--output-encoding", "float"), "a PNG cannot hold encoding 'float'"),
            ((small, *ask, "--output-encoding", "levels16"), "choose an encoding of the map's"),
            ((small, *ask, "--model", "./none"), "model './none' not found"),
        ]:
            assert says in refused(capsys, "upscale", *arguments)
            assert not out.exists()

    def test_a_float_map_does_not_go_into_a_png(self, capsys, tmp_path):
        np.save(tmp_path / "f.npy", np.array([[1.0, 2.0]]))
        line = refused(
            capsys, "upscale", tmp_path / "f.npy", "-o", tmp_path / "f.png", "--scale", 2
        )
        assert "one of mm" in line
        assert (
            run(
                capsys,
                *("upscale", tmp_path / "f.npy", "-o", tmp_path / "f.png", "--scale", 2),
                *("--output-encoding", "mm"),
            )[0]
            == 0
        )
        np.testing.assert_allclose(read_depth(tmp_path / "f.png").values.max(), 2, atol=0.11)

    def test_other_commands(self, capsys, tmp_path, monkeypatch):
        monkeypatch.delenv("DSDMSR_DATA", raising=False)
        (tmp_path / "lr_depth.png").write_text("mine")
        run_dir = tmp_path / "run"
        for arguments, says in [
            (("evaluate", "--protocol", "z", "--data", tmp_path), "--protocol"),
            (("evaluate", "--protocol", "a", "--data", tmp_path / "none"), "is not a folder"),
            (("evaluate", "--protocol", "a", "--data", tmp_path), "art.png is missing"),
            (("evaluate", "--protocol", "a"), "no maps to measure on: give --data"),
            (("evaluate", "--protocol", "d", "--scales", 2), "has a factor of those asked for"),
            (("evaluate", "--protocol", "a", "--crops"), "give --html FILE"),
            (("evaluate", "--protocol", "a", "--encoding", "mm"), "give --maps, too"),
            (("evaluate", "--protocol", "a", "--maps", "x", "--data", "y"), "give one of them"),
            (("evaluate", "--protocol", "a", "--maps", tmp_path / "x"), "does not exist"),
            (("evaluate", "--protocol", "a", "--maps", tmp_path), "is not a PNG"),
            (("evaluate", "--protocol", "a", "--baselines", "cubic"), "'cubic' is unknown"),
            (
                ("evaluate", "--protocol", "a", "--maps", "x", "--encoding", "inch"),
                "encoding 'inch'",
            ),
            (("evaluate", "--protocol", "a", "--html", tmp_path), "exists"),
            (("evaluate", "--protocol", "a", "--json", tmp_path / "n" / "r"), "cannot be written"),
            (("train", "--recipe", "none", "--run-dir", run_dir), "recipe 'none' not found"),
            (("train", "--recipe", "none", "--explain"), "recipe 'none' not found"),
            (("train", "--recipe", "smoke"), "no --run-dir: give a new folder, or --explain"),
            (
                ("train", "--recipe", "smoke", "--run-dir", run_dir, "--steps", 1, "--minutes", 1),
                "--steps",
            ),
            (("train", "--recipe", "smoke", "--run-dir", run_dir, "--steps", 0), "positive"),
            (("sample", tmp_path), "exists"),
            (("sample", tmp_path / "x", "--seed", -1), "give 0 to"),
            (("sample", tmp_path / "x", "--seed", 2**64), "give 0 to"),
            (("train", "--recipe", "smoke", "--run-dir", tmp_path), "is not empty"),
            (("smaple", tmp_path), "smaple"),
        ]:
            assert says in refused(capsys, *arguments)
        assert (tmp_path / "lr_depth.png").read_text() == "mine"
        assert not (tmp_path / "hr_depth.png").exists()


def test_the_sample_is_a_small_map_and_its_truth(capsys, tmp_path):
    folder = tmp_path / "s[b] [/a]"
    code, out, _ = run(capsys, "sample", folder)
    assert code == 0
    assert out.count(f"wrote {folder}") == 2
    small, large = (read_depth(folder / f"{n}_depth.png") for n in ("lr", "hr"))
    assert (small.shape, large.shape) == ((120, 160), (480, 640))
    truth = torch.from_numpy(large.values.copy())[None, None]
    np.testing.assert_allclose(small.values, degrade(truth, 4)[0][0, 0], atol=0.0012)


def test_train_explains_a_recipe_and_trains_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capsys, "train", "--recipe", "smoke", "--steps", 7, "--explain")
    assert code == 0
    head = out.split("\n\n")[0]
    shown = recipe_from_dict(yaml.safe_load(head))
    assert shown == load_recipe("smoke").lasting(steps=7)
    assert "maps: rendered scenes" in out
    assert re.search(r"parameters: [\d,]+\n", out)
    assert re.search(r"a step, on average: [\d.]+ GMAC", out)
    assert re.search(r"memory: [\d,]+ MiB", out)
    assert not list(tmp_path.iterdir())


def test_info_says_what_a_file_is(capsys, tmp_path):
    numbers = np.array([[0, 1000, 1500], [2000, 2000, 4000]], np.uint16)
    Image.fromarray(numbers).save(tmp_path / "a.png")
    np.save(tmp_path / "b.npy", np.zeros((2, 2), np.float32) + 0.5)
    code, out, _ = run(capsys, "info", tmp_path / "a.png", tmp_path / "b.npy")
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
        (("--intrinsics", "1,1,1,1", "--scale", 0), "give 1, or how many"),
        (("--intrinsics", "1,1,1,1", "--encoding", "levels16"), "no focal length and baseline"),
    ]:
        other = ("cloud", tmp_path / "a.png", "-o", tmp_path / "b.ply", *more)
        assert says in refused(capsys, *other)
    assert "allowed is .ply" in refused(
        *(capsys, "cloud", tmp_path / "a.png", "-o", tmp_path / "b.obj", "--intrinsics", "1,1,1,1")
    )


def test_models_lists_what_is_packaged(capsys):
    code, out, _ = run(capsys, "models")
    assert code == 0
    assert "dsdmsr-base (default)" in out


@pytest.fixture
def network_folder(tmp_path, tiny_model):
    from dsdmsr.zoo.torch_networks import save_pretrained

    save_pretrained(tiny_model, tmp_path / "net", "card")
    return tmp_path / "net"


@pytest.fixture
def tiny_protocol(tmp_path, monkeypatch):
    """Put a protocol of one small map into the place of (a)."""
    from dsdmsr.evaluation import protocols

    (tmp_path / "maps").mkdir()
    Image.fromarray(np.arange(32 * 32, dtype=np.uint16).reshape(32, 32).astype(np.uint8)).save(
        tmp_path / "maps" / "one.png"
    )
    maps = protocols.MapSet(
        name="S", title="one", folder="maps", scenes=(protocols.Scene(name="one"),)
    )
    tiny = protocols.Protocol(
        letter="a", title="a test", degradation="bicubic", scales=(2, 8), sets=(maps,)
    )
    monkeypatch.setitem(protocols.PROTOCOLS, "a", tiny)


@pytest.mark.usefixtures("tiny_protocol")
def test_evaluate_prints_and_writes(capsys, tmp_path, monkeypatch, network_folder):
    monkeypatch.setenv("DSDMSR_DATA", str(tmp_path))
    files = {name: tmp_path / f"r.{name}" for name in ("json", "markdown", "html")}
    ask = ["evaluate", "--protocol", "a", "--model", network_folder, "--crops", "--ssim"]
    for name, path in files.items():
        ask += [f"--{name}", path]
    code, out, _ = run(capsys, *ask)
    assert code == 0
    assert "bicubic" in out
    (measured,) = json.loads(files["json"].read_text())["protocols"]
    methods = ("nearest", "bilinear", "bicubic", "lanczos", "net")
    assert {(s["method"], s["scale"]) for s in measured["scores"]} == {
        (method, scale) for method in methods for scale in (2, 8)
    }
    assert all(s["ssim"] is not None for s in measured["scores"])
    assert "| S | net |" in files["markdown"].read_text()
    assert "data:image/png" in files["html"].read_text()
    before = {name: path.read_bytes() for name, path in files.items()}
    assert "exists" in refused(capsys, *ask)
    assert before == {name: path.read_bytes() for name, path in files.items()}
    code, out, _ = run(capsys, *ask, "--overwrite", "--scales", 8, "--baselines", "nearest")
    assert code == 0
    (measured,) = json.loads(files["json"].read_text())["protocols"]
    assert {(s["method"], s["scale"]) for s in measured["scores"]} == {("nearest", 8), ("net", 8)}


def test_filled_holes_are_marked_in_a_file_of_their_own(capsys, tmp_path):
    numbers = np.arange(1000, 1064, dtype=np.uint16).reshape(8, 8)
    numbers[2, 2] = numbers[5:, 4:] = 0
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        Image.fromarray(numbers).save(tmp_path / "in" / f"{name}.png")
    more = ("--scale", 4, "--fill", 3, "--filled", tmp_path / "marks")
    code, _, _ = run(capsys, "upscale", tmp_path / "in", "-o", tmp_path / "out", *more)
    assert code == 0
    for name in ("a", "b"):
        large, marks = (
            np.asarray(Image.open(tmp_path / folder / f"{name}.png")) for folder in ("out", "marks")
        )
        assert set(np.unique(marks)) == {0, 255}
        assert (large[marks == 255] > 0).all()
        assert (marks[8:12, 8:12] == 255).mean() > 0.6
        assert not marks[20:, 16:].any()
        assert not large[22:, 18:].any()


def test_evaluate_draws_every_stage_and_writes_their_errors(capsys, tmp_path, network_folder, rng):
    maps, panels = tmp_path / "maps", tmp_path / "panels"
    maps.mkdir()
    for name in ("a b", "a-b"):
        values = rng.integers(1000, 5000, (16, 24)).astype(np.uint16)
        Image.fromarray(values).save(maps / f"{name}.png")
    ask = ("evaluate", "--protocol", "a", "--maps", maps, "--model", network_folder)
    ask += ("--scales", 2, 4, "--panels", panels)
    code, out, _ = run(capsys, *ask)
    assert code == 0
    assert "Outputs on the way" in out
    assert "wrote 4 panels" in out
    name = network_folder.name
    assert sorted(path.name for path in panels.iterdir()) == sorted(
        [f"a_own_a-b_x{scale}_{name}{again}.png" for again in ("", "_2") for scale in (2, 4)]
        + ["stages.csv"]
    )
    with (panels / "stages.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["output"] for row in rows[:5]] == ["×2", "answer", "×2", "×4", "answer"]
    assert {row["unit"] for row in rows} == {"m"}
    assert all(float(row["rmse"]) > 0 for row in rows)
    code, _, said = run(capsys, *ask)
    assert (code, "is not empty" in said) == (2, True)
    assert run(capsys, *ask, "--overwrite")[0] == 0


def test_evaluate_measures_maps_of_ones_own(capsys, tmp_path, network_folder, rng):
    folder = tmp_path / "mine"
    folder.mkdir()
    for k in range(20):
        depth = rng.uniform(1000, 3000, (32, 32)).astype(np.uint16)
        depth[:4, :4] = 0
        Image.fromarray(depth).save(folder / f"{k}.png")
    ask = ("evaluate", "--protocol", "a", "--maps", folder, "--model", network_folder)
    code, out, _ = run(capsys, *ask, "--scales", 4, "--markdown", tmp_path / "t.md")
    assert code == 0
    assert "RMSE in m" in out
    assert "95 % bootstrap intervals" in (tmp_path / "t.md").read_text()
    assert "for 8-bit grey levels only" in refused(capsys, *ask, "--protocol", "b")
    np.save(folder / "9.npy", rng.uniform(1, 2, (32, 32)))
    assert "measure them apart" in refused(capsys, *ask, "--scales", 4)


def test_an_interrupt_leaves_nothing_half_written(capsys, tmp_path, small, monkeypatch):
    from dsdmsr.upscaling import Upscaler

    def stop(self, *given):
        raise KeyboardInterrupt

    monkeypatch.setattr(Upscaler, "_enlarged", stop)
    before = sorted(tmp_path.iterdir())
    code, _, err = run(capsys, "upscale", small, "-o", tmp_path / "b.png", "--scale", 2)
    assert code == 130
    assert "interrupted" in err
    assert sorted(tmp_path.iterdir()) == before


def test_an_interrupt_in_the_middle_leaves_nothing_either(capsys, tmp_path, small, monkeypatch):
    from dsdmsr.upscaling.torch_backend import TorchBackend

    calls = iter(range(3))
    begin = TorchBackend.begin

    def stop(self, *given, **more):
        if next(calls) == 2:
            raise KeyboardInterrupt
        return begin(self, *given, **more)

    monkeypatch.setattr(TorchBackend, "begin", stop)
    before = sorted(tmp_path.iterdir())
    ask = ("upscale", small, "-o", tmp_path / "b.npy", "--scale", 2, "--tile", 4)
    assert run(capsys, *ask)[0] == 130
    assert sorted(tmp_path.iterdir()) == before


def test_other_factors_and_sizes(capsys, tmp_path, small):
    depth = read_depth(small)
    height, width = depth.shape
    for number, (ask, shape) in enumerate(
        [
            (("--scale", 3), (3 * height, 3 * width)),
            (("--size", f"{2 * width + 1}x{height}"), (height, 2 * width + 1)),
        ]
    ):
        made = tmp_path / f"{number}.png"
        assert run(capsys, "upscale", small, "-o", made, *ask)[0] == 0
        assert read_depth(made).shape == shape


def test_a_folder_is_gone_on_with(capsys, tmp_path, small):
    frames, results = tmp_path / "frames", tmp_path / "out"
    frames.mkdir()
    results.mkdir()
    for name in "abc":
        (frames / f"{name}.png").write_bytes(small.read_bytes())
    (results / "b.png").write_text("mine")
    ask = ("upscale", frames, "-o", results, "--scale", 2)
    marked = (*ask, "--fill", 9, "--filled", tmp_path / "marks", "--resume")
    code, out, _ = run(capsys, *ask, "--resume")
    assert (code, "wrote 2 files" in out, "1 were there" in out) == (0, True, True)
    assert (results / "b.png").read_text() == "mine"
    assert read_depth(results / "a.png").shape == tuple(2 * n for n in read_depth(small).shape)
    code, out, _ = run(capsys, *ask, "--resume")
    assert (code, "wrote 0 files" in out) == (0, True)
    # Without its marks, a file is not done, and is not replaced either.
    assert "is there without its marks: --overwrite makes it anew" in refused(capsys, *marked)
    assert (results / "b.png").read_text() == "mine"
    alone = ("upscale", small, "-o", results / "b.png", "--scale", 2, "--resume")
    code, out, _ = run(capsys, *alone)
    assert (code, "which is there" in out.replace("\n", " ")) == (0, True)


def test_no_input_and_no_output_is_replaced_by_marks(capsys, tmp_path, small):
    frames = tmp_path / "frames"
    frames.mkdir()
    for name in "ab":
        (frames / f"{name}.png").write_bytes(small.read_bytes())
    other = tmp_path / "photo.png"
    other.write_text("mine")
    fill = ("--scale", 2, "--fill", 50, "--filled")
    for ask, says in [
        ((frames, "-o", tmp_path / "o", *fill, frames), "is an input or an output, too"),
        ((frames, "-o", tmp_path / "o", *fill, tmp_path / "o"), "is an input or an output, too"),
        ((small, "-o", tmp_path / "o.npy", *fill, small), "is an input or an output, too"),
        ((small, "-o", tmp_path / "o.npy", *fill, other), "photo.png exists"),
    ]:
        for more in ((), ("--resume",), ("--overwrite",))[: 2 if "exists" in says else 3]:
            assert says in refused(capsys, "upscale", *ask, *more)
    assert (frames / "a.png").read_bytes() == small.read_bytes()
    assert other.read_text() == "mine"
    # What fails leaves no marks behind.
    np.save(tmp_path / "far.npy", np.full((4, 4), 90.0))
    ask = ("upscale", tmp_path / "far.npy", "-o", tmp_path / "far.png", "--output-encoding", "mm")
    folder = tmp_path / "marks.v1"
    folder.mkdir()
    assert "do not fit" in refused(capsys, *ask, *fill, folder)
    assert list(folder.iterdir()) == []


def test_maps_of_a_stack_go_to_files_of_their_own(capsys, tmp_path, rng):
    stack = tmp_path / "stack.h5"
    with h5py.File(stack, "w") as file:
        file["depths"] = rng.uniform(1, 2, (3, 4, 5)).astype(np.float32)
    before = stack.read_bytes()
    ask = ("upscale", f"{stack}#0", "--scale", 2, "--overwrite")
    assert "replaced by an enlargement" in refused(capsys, *ask, "-o", stack)
    assert (
        run(capsys, "upscale", f"{stack}#1", f"{stack}#2", "--scale", 2, "-o", tmp_path / "o")[0]
        == 0
    )
    assert sorted(p.name for p in (tmp_path / "o").iterdir()) == ["stack-1.h5", "stack-2.h5"]
    assert read_depth(tmp_path / "o" / "stack-2.h5").shape == (8, 10)
    assert stack.read_bytes() == before


def test_disparity_becomes_depth_on_the_way(capsys, tmp_path):
    step = np.full((6, 8), 40, np.float32)
    step[:, 4:] = 90
    step[0, 0] = np.inf
    write_depth(tmp_path / "scene" / "disp0.pfm", DepthMap(step, kind="disparity"), "disparity")
    (tmp_path / "scene" / "calib.txt").write_text(
        "cam0=[1000 0 4; 0 1000 3; 0 0 1]\ncam1=[1000 0 14; 0 1000 3; 0 0 1]\n"
        "doffs=10\nbaseline=100\n"
    )
    ask = ("upscale", tmp_path / "scene" / "disp0.pfm", "--scale", 2)
    code, _, err = run(capsys, *ask, "-o", tmp_path / "z.png", "--to-kind", "depth")
    said = " ".join(err.split())
    assert code == 0
    assert "read as disparity" in said
    assert "written as mm" in said
    depth = read_depth(tmp_path / "z.png")
    assert depth.values[6, 0] == pytest.approx(100 / 50, rel=0.02)
    assert depth.values[6, -1] == pytest.approx(100 / 100, rel=0.02)
    assert not depth.valid[0, 0]
    # What is said goes before what lies beside.
    more = ("--focal", 500, "--baseline", 0.1, "--to-kind", "depth")
    assert run(capsys, *ask, "-o", tmp_path / "h.npy", *more)[0] == 0
    depth = read_depth(tmp_path / "h.npy", "metres")
    assert depth.values[6, -1] == pytest.approx(50 / 90, rel=0.02)
    np.save(tmp_path / "midas.npy", 1 / np.where(step < 50, 4, 2))
    # Without a unit, no file of whole numbers says how far it is.
    ask = ("upscale", tmp_path / "midas.npy", "--scale", 2, "--from-kind", "inverse_depth")
    line = refused(capsys, *ask, "-o", tmp_path / "m.png", "--to-kind", "depth")
    assert "cannot hold depth in an unknown unit" in line
    assert run(capsys, *ask, "-o", tmp_path / "m.npy", "--to-kind", "depth")[0] == 0
    assert read_depth(tmp_path / "m.npy").values[6, 0] == pytest.approx(4, rel=0.02)
    # Another data set's calib.txt says nothing, and is in nobody's way.
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "calib.txt").write_text("P0: 1 0 0 0\n")
    write_depth(tmp_path / "other" / "z.pfm", DepthMap(np.full((3, 4), 2.0)))
    assert read_depth(tmp_path / "other" / "z.pfm").encoding == "float"
    assert read_depth(tmp_path / "other" / "z.pfm", "disparity").stereo is None
    code, out, _ = run(
        capsys,
        "cloud",
        tmp_path / "scene" / "disp0.pfm",
        "-o",
        tmp_path / "c.ply",
        "--intrinsics",
        "1000,1000,4,3",
    )
    assert (code, "47 points" in out) == (0, True)


@pytest.mark.parametrize(
    "code",
    [
        "import dsdmsr; dsdmsr.DepthMap; dsdmsr.read_depth",
        "from dsdmsr.app.cli import main; main(['--help']); main(['models'])",
        "import dsdmsr.app.cli",
    ],
)
def test_light_things_do_not_load_torch(code):
    check = f"{code}; import sys; assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_public_names_are_there_and_no_others():
    for name in dsdmsr.__all__:
        assert getattr(dsdmsr, name) is not None
    assert dir(dsdmsr) == dsdmsr.__all__
    with pytest.raises(AttributeError, match="no attribute 'utils'"):
        dsdmsr.utils  # noqa: B018


def test_python_does_what_the_readme_says(tmp_path, small):
    depth = dsdmsr.read_depth(small)
    large = dsdmsr.Upscaler.from_pretrained(scale=2)(depth)
    write_depth(tmp_path / "large.png", large)
    assert isinstance(large, DepthMap)
    assert read_depth(tmp_path / "large.png").shape == (12, 16)


def test_a_self_ensemble_stands_beside_the_network(capsys, tmp_path, network_folder, rng):
    depth = rng.integers(20, 200, (6, 8)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    Image.fromarray(depth).save(tmp_path / "m.png")
    code, _, _ = run(
        *(capsys, "evaluate", "--protocol", "a", "--maps", tmp_path / "m.png", "--scales", 4),
        *("--baselines", "bicubic", "--ensemble", 8, "--json", tmp_path / "r.json"),
        *("--model", network_folder),
    )
    assert code == 0
    made = json.loads((tmp_path / "r.json").read_text())
    scores = {s["method"]: s["rmse"] for s in made["protocols"][0]["scores"]}
    assert list(scores) == ["bicubic", "net", "net, ensemble of 8"]
    assert scores["net, ensemble of 8"] != scores["net"]
    assert len({model["sha256"] for model in made["models"]}) == 1


def test_networks_are_told_how_small_maps_were_made(capsys, tmp_path, network_folder, rng):
    depth = rng.integers(20, 200, (6, 8)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    Image.fromarray(depth).save(tmp_path / "m.png")
    model = dsdmsr.from_pretrained(str(network_folder))
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(0.5)
    dsdmsr.save_pretrained(model, network_folder / "bicubic", "card")
    code, _, _ = run(
        *(capsys, "evaluate", "--protocol", "a", "e", "--maps", tmp_path / "m.png"),
        *("--scales", 4, "--baselines", "bicubic", "--blind", "--json", tmp_path / "r.json"),
        *("--model", network_folder),
    )
    assert code == 0
    made = json.loads((tmp_path / "r.json").read_text())
    told, untold = (
        {score["method"]: score["rmse"] for score in protocol["scores"]}
        for protocol in made["protocols"]
    )
    assert list(told) == ["bicubic", "net", "net, blind"]
    assert told["net"] != told["net, blind"]
    assert list(untold) == ["bicubic", "net"]
    (entry,) = made["models"]
    assert list(entry["sha256_for_known"]) == ["bicubic", "pil_bicubic"]
    assert entry["sha256"] not in entry["sha256_for_known"].values()
    ask = ["upscale", tmp_path / "m.png", "--scale", 4, "--model", network_folder]
    for name, options in (("a", ()), ("b", ("--degradation", "bicubic"))):
        assert run(capsys, *ask, "-o", tmp_path / f"{name}.npy", *options)[0] == 0
    first, second = (np.load(tmp_path / f"{name}.npy") for name in "ab")
    assert not np.array_equal(first, second)


def test_info_tells_averages_from_samples(capsys, tmp_path):
    truth = np.array(render_depth(2**40 + 7, 1, (480, 640)).values)
    large = torch.from_numpy(truth)[None, None]
    for made, looks in (("bicubic", "averages"), ("interval", "samples")):
        small, _ = degrade(large, 4, made, torch.ones_like(large, dtype=torch.bool))
        np.save(tmp_path / f"{made}.npy", small[0, 0].numpy())
        assert (
            f"in between: looks made of {looks}" in run(capsys, "info", tmp_path / f"{made}.npy")[1]
        )
    np.save(tmp_path / "flat.npy", np.ones((40, 40), np.float32))
    assert "in between" not in run(capsys, "info", tmp_path / "flat.npy")[1]


@pytest.fixture
def doubtful_folder(tmp_path):
    """A network of random weights that expects errors."""
    config = dsdmsr.ModelConfig(
        **{"scale": 4, "unit": "residual", "sharing": "shared", "fusion": "none"},
        **{"width": (8,), "depth": (1,), "confidence": 8},
    )
    torch.manual_seed(0)
    dsdmsr.save_pretrained(dsdmsr.DSDMSR(config), tmp_path / "net", "card")
    return tmp_path / "net"


def test_evaluate_tells_how_well_a_network_knows_its_errors(capsys, tmp_path, doubtful_folder, rng):
    depth = rng.integers(20, 200, (6, 8)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    Image.fromarray(depth).save(tmp_path / "m.png")
    code, _, _ = run(
        *(capsys, "evaluate", "--protocol", "a", "b", "--maps", tmp_path / "m.png"),
        *("--scales", 4, "--baselines", "bicubic", "--model", doubtful_folder),
        *("--json", tmp_path / "r.json", "--markdown", tmp_path / "r.md"),
        *("--html", tmp_path / "r.html"),
    )
    assert code == 0
    for measured in json.loads((tmp_path / "r.json").read_text())["protocols"]:
        plain, sure = measured["means"]
        assert (plain["method"], sure["method"]) == ("bicubic", "net")
        assert "coverage" not in plain
        assert "left" not in plain
        assert 0 < sure["coverage"] <= 1
        left, best = np.array(sure["left"]), np.array(sure["left_at_best"])
        assert len(left) == 20
        assert left[0] == best[0] == 1
        assert (left >= best - 1e-3).all()
        assert sure["ause"] == pytest.approx((left - best).mean(), abs=2e-4)
    text = (tmp_path / "r.md").read_text()
    assert "| coverage | ause |" in text
    assert re.search(r"\| bicubic \| ×4 \|.*\| – \| – \|", text)
    html = (tmp_path / "r.html").read_text()
    assert html.count("How sure answers are") == 2
    assert "without half of the pixels" in html


def test_confidence_is_written_beside_the_map(capsys, tmp_path, doubtful_folder, rng):
    values = rng.integers(1000, 3000, (12, 16)).astype(np.uint16)
    values[:3, :4] = 0
    (tmp_path / "in").mkdir()
    for name in "ab":
        Image.fromarray(values).save(tmp_path / "in" / f"{name}.png")
    ask = ("upscale", tmp_path / "in" / "a.png", "--scale", 4, "--model", tmp_path / "net")
    out = ("-o", tmp_path / "large.png", "--confidence", tmp_path / "sure.npy")
    assert run(capsys, *ask, *out)[0] == 0
    sure, large = np.load(tmp_path / "sure.npy"), read_depth(tmp_path / "large.png")
    upscaler = dsdmsr.Upscaler.from_pretrained(tmp_path / "net", scale=4)
    expected = upscaler(read_depth(tmp_path / "in" / "a.png"), errors=True).error
    np.testing.assert_array_equal(sure, expected)
    np.testing.assert_array_equal(np.isnan(sure), ~large.valid)
    assert 0 < np.nanmin(sure) < np.nanmax(sure) < 2
    # A folder of maps has a folder of errors; what is there is kept, and belongs together.
    folder = ("upscale", tmp_path / "in", "--scale", 4, "--model", tmp_path / "net")
    folder += ("-o", tmp_path / "out", "--confidence", tmp_path / "sure", "--resume")
    assert run(capsys, *folder)[0] == 0
    np.testing.assert_array_equal(np.load(tmp_path / "sure" / "b.png.npy"), sure)
    (tmp_path / "sure" / "b.png.npy").unlink()
    assert "b.png is there without its confidence" in refused(capsys, *folder)
    assert "sure.npy exists" in refused(capsys, *ask, "-o", tmp_path / "new.png", *out[2:])
    new = ("-o", tmp_path / "new.png", "--confidence")
    assert "allowed are .npy" in refused(capsys, *ask, *new, tmp_path / "sure.png")
    assert "leave --to-kind out" in refused(
        capsys, *ask, *new, tmp_path / "n.npy", "--to-kind", "inverse_depth"
    )
    assert not (tmp_path / "new.png").exists()


def test_a_sequence_is_steadied_in_the_order_of_its_numbers(
    monkeypatch, capsys, tmp_path, doubtful_folder, rng
):
    # A network of random weights expects large errors.
    monkeypatch.setattr("dsdmsr.upscaling.temporal._EVEN", 10.0)
    (tmp_path / "in").mkdir()
    surface = np.linspace(1, 2, 16) + np.linspace(0, 1, 12)[:, None]
    for number in (2, 9, 10):
        np.save(tmp_path / "in" / f"f{number}.npy", surface + 0.001 * rng.normal(size=(12, 16)))
    ask = ("upscale", tmp_path / "in", "--scale", 4, "--model", tmp_path / "net", "--temporal")
    sure = ("--confidence", tmp_path / "sure")
    assert run(capsys, *ask, "-o", tmp_path / "out", *sure)[0] == 0
    upscaler = dsdmsr.Upscaler.from_pretrained(tmp_path / "net", scale=4)
    steady, changed = TemporalFilter(), []
    for number in (2, 9, 10):
        depth = read_depth(tmp_path / "in" / f"f{number}.npy")
        large = upscaler(depth, errors=True)
        expected = steady(large, noisy=looks_noisy(depth.values, depth.valid))
        made = np.load(tmp_path / "out" / f"f{number}.npy")
        np.testing.assert_array_equal(made, expected.values)
        np.testing.assert_array_equal(np.load(tmp_path / "sure" / f"f{number}.npy"), large.error)
        changed.append(not np.array_equal(made, large.values))
    assert changed == [False, True, True]
    assert "instead of --resume" in refused(capsys, *ask, "-o", tmp_path / "o", "--resume")
    one = ("upscale", tmp_path / "in" / "f2.npy", "-o", tmp_path / "o.npy", "--scale", 4)
    assert "give a folder or a pattern" in refused(capsys, *one, "--temporal")


def test_a_network_that_tells_no_errors_says_so(capsys, tmp_path, network_folder, small):
    ask = ("upscale", small, "--scale", 4, "--model", network_folder, "-o", tmp_path / "n.png")
    said = refused(capsys, *ask, "--confidence", tmp_path / "n.npy")
    assert "doesn't predict the expected error" in said
    assert not list(tmp_path.glob("n.*"))


def test_refined_answers_stand_beside_the_network(capsys, tmp_path, rng):
    depth = rng.integers(20, 200, (2, 3)).astype(np.uint8).repeat(32, 0).repeat(32, 1)
    Image.fromarray(depth).save(tmp_path / "m.png")
    ask = ["evaluate", "--protocol", "a", "--maps", tmp_path / "m.png", "--scales", 4]
    code, _, _ = run(
        *(capsys, *ask, "--baselines", "bicubic", "tgv", "--refine", "--noise", 0),
        *("--json", tmp_path / "r.json"),
    )
    assert code == 0
    made = json.loads((tmp_path / "r.json").read_text())["protocols"][0]["scores"]
    scores = {score["method"]: score for score in made}
    assert list(scores) == ["bicubic", "tgv", "dsdmsr-base", "dsdmsr-base, refined"]
    # Rounding to whole levels is all that is left of what the refined answer missed.
    refined, plain = scores["dsdmsr-base, refined"], scores["dsdmsr-base"]
    assert refined["input_rmse"] < 0.2
    assert refined["input_rmse"] < plain["input_rmse"]
    assert scores["tgv"]["rmse"] < scores["bicubic"]["rmse"]
    assert "--noise serves --refine" in refused(capsys, *ask, "--noise", 0)


def test_upscale_refines(capsys, tmp_path, rng):
    truth = torch.from_numpy(2 + rng.random((4, 6)).repeat(18, 0).repeat(18, 1))[None, None]
    small = degrade(truth, 4)[0][0, 0].float().numpy()
    np.save(tmp_path / "small.npy", small)
    ask = ["upscale", tmp_path / "small.npy", "--scale", 4]
    code, _, err = run(capsys, *ask, "-o", tmp_path / "a.npy", "--refine", "--noise", 0)
    assert (code, "estimated" in err) == (0, False)
    large = torch.from_numpy(np.load(tmp_path / "a.npy"))[None, None]
    assert (degrade(large, 4)[0][0, 0] - torch.from_numpy(small)).abs().max() < 2e-3
    area = ("--refine", "--noise", 0, "--degradation", "area")
    assert run(capsys, *ask, "-o", tmp_path / "b.npy", *area)[0] == 0
    large = torch.from_numpy(np.load(tmp_path / "b.npy"))[None, None]
    assert (degrade(large, 4, "area")[0][0, 0] - torch.from_numpy(small)).abs().max() < 2e-3
    code, _, err = run(capsys, *ask, "-o", tmp_path / "c.npy", "--refine")
    assert (code, "noise was estimated" in err) == (0, True)
    out = ("-o", tmp_path / "d.npy")
    assert "--noise serves --refine" in refused(capsys, *ask, *out, "--noise", 1)
    assert "noise is -1" in refused(capsys, *ask, *out, "--refine", "--noise", -1)


@pytest.mark.skipif(sys.platform != "linux", reason="the system's allocator is asked on Linux only")
@pytest.mark.parametrize(("first", "kept"), [("dsdmsr", False), ("dsdmsr.app", True)])
def test_the_command_line_keeps_memory_that_is_given_back(first, kept):
    program = f"""
import resource
import {first}
size = 64 << 20
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    b"x" * size
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
print(sum(faults() for _ in range(10)) * resource.getpagesize() / size)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    blocks_taken_anew = float(done.stdout)
    assert (blocks_taken_anew < 1) if kept else (blocks_taken_anew > 9)
