from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from PIL import Image
from testing.command import refused, run
from testing.memory import blocks_taken_anew

import dsdmsr
from dsdmsr import DepthMap, degrade, read_depth, write_depth


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
    assert ("looks noisy" in err or "looks clean" in err) == (said is not None)
    assert said is None or said in err
    _, shown, _ = run(capsys, "info", tmp_path / "a.npy")
    assert "use " + ("dsdmsr-robust" if sigma else "dsdmsr-base") in shown


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


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cut.png", b"\x89PNG\r\n\x1a\n\0\0", "damaged|not a PNG"),
        ("cut.pfm", b"Pf\n3 3\n-1\n123", "promises 3×3 pixels"),
        ("huge.pfm", b"Pf\n100000 100000\n-1\n1234", "promises 100000×100000"),
        ("cut.npz", b"PK\x03\x04123", "damaged|not"),
    ],
)
def test_damaged_files(capsys, tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    out = tmp_path / f"big{name[-4:]}"
    line = refused(capsys, "upscale", tmp_path / name, "-o", out, "--scale", 2)
    assert any(part in line for part in says.split("|"))
    assert not out.exists()


def test_arrays_that_are_no_maps(capsys, tmp_path):
    objects = np.array([{"a": 1}], dtype=object)
    np.save(tmp_path / "p.npy", objects, allow_pickle=True)
    np.save(tmp_path / "z.npy", np.zeros((0, 5)))
    np.save(tmp_path / "n.npy", np.array([[-1.0]]))
    np.save(tmp_path / "i.npy", np.full((3, 3), np.nan))
    Image.new("RGB", (4, 4), "orange").save(tmp_path / "c.png")
    for name, says in [
        ("p.npy", "pickled"),
        ("z.npy", "holds 0×5 numbers: give one map"),
        ("n.npy", "1 pixels are negative"),
        ("i.npy", "no pixel of the map is valid"),
        ("c.png", "a picture in colours"),
    ]:
        out = tmp_path / f"big{name[-4:]}"
        line = refused(capsys, "upscale", tmp_path / name, "-o", out, "--scale", 2)
        assert says in line
        assert not out.exists()


def test_paths_and_names(capsys, tmp_path, small):
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
        ((small, small, "-o", tmp_path / "o", "--scale", 2), "is given twice: give it once"),
        ((small, "-o", small / "x.png", "--scale", 2), "cannot be written"),
        ((small, "-o", small, "--scale", 2), "replaced by its output"),
        ((small, "-o", old, "--scale", 2), "old.png exists"),
        ((small, *ask, "--model", "dsdmsr-huge"), "model 'dsdmsr-huge' not found"),
        ((small, *ask, "--encoding", "cm"), "encoding 'cm' is unknown: allowed are mm"),
        ((small, *ask, "--encoding", "levels8"), "is unknown"),
        ((small, *ask, "--device", "tpu"), "device 'tpu' is not there"),
        ((small, "-o", out, "--scale", 17), "allowed are whole numbers from 2 to 16"),
        ((small, *ask, "--size", "9x9"), "give a scale or a size, one of them"),
        ((small, "-o", out, "--size", "9by9"), "give WIDTHxHEIGHT, such as 640x480"),
        ((small, "-o", out, "--size", "2x2"), "size is 2x2 for a map of"),
        ((small, *ask, "--resume", "--overwrite"), "--resume keeps files"),
        ((small, *ask, "--from-kind", "width"), "--from-kind"),
        ((small, *ask, "--from-kind", "height"), "no encoding of kind height"),
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
        ((small, "-o", out, "--scale", "four"), "--scale is 'four': give a whole number"),
        ((small, "-o", out, "--scale", "4x"), "--scale is '4x': give a whole number, such as 4"),
        ((small, "-o", out, "--scale", "2.5"), "--size WIDTHxHEIGHT reaches what is between"),
        ((small, "-o", out, "--scale", "0"), "scale is 0: allowed are whole numbers from 2 to 16"),
        ((small, "-o", out, "--scale", "-2"), "scale is -2: allowed are whole numbers"),
        ((small, *ask, "--tile", "2.5"), "--tile is 2.5: give a whole number"),
        ((small, *ask, "--fill", "2.5", "--filled", "m.png"), "--fill is 2.5: give a whole number"),
        ((small, *ask, "--noise", "low"), "--noise is 'low': give a number"),
        ((small, *ask, "--scael", 2), "Did you mean --scale?; see 'dsdmsr upscale --help'"),
        ((small, *ask, "--model", "dsdmsr-rubust"), "did you mean dsdmsr-robust?"),
        ((small, *ask, "--encoding", "kiti"), "did you mean kitti?"),
        ((small, *ask, "--format", "npy"), "b.png is a .png file, but --format says npy"),
        ((small, "--output-dir", "-", "--scale", 2), "give -o - for standard output"),
        ((small, "-o", "", "--scale", 2), "an argument is empty"),
        (("", *ask), "an argument is empty"),
        ((small, *ask, "--output-dir", "o"), "give --output (-o) or --output-dir, one of them"),
        ((small, "--output-dir", small, "--scale", 2), "small.png is a file: give a folder"),
        ((small, "-o", "o", "--scale", 2, "--format", "pgn"), "did you mean png?"),
        ((small, *ask, "--ensemble", 4), "--ensemble"),
        ((small, *ask, "--fill", 4), "--fill and --filled go together"),
        ((small, *ask, "--filled", tmp_path / "m.png"), "--fill and --filled go together"),
        ((small, *ask, "--fill", 4, "--filled", out), "is an input or an output, too"),
        ((small, *ask, "--fill", 4, "--filled", old), "old.png exists"),
        ((small, *ask, "--fill", 4, "--filled", "m.npy"), "allowed is .png, or a folder"),
        ((small, *ask, "--tile", 0), "tile is 0: give auto, or 1 or more"),
        ((small, *ask, "--tile", "large"), "--tile is 'large': give auto, or a whole number"),
        ((small, "-o", out), "give a scale or a size"),
        ((small, "--scale", 2), "--output"),
        ((small, *ask, "--colour"), "--colour"),
        (("-o", out, "--scale", 2), "IN"),
        ((small, "-o", tmp_path / "b.bmp", "--scale", 2), "ends in .bmp: allowed are .png"),
        ((small, "-o", small, "--scale", 2, "--overwrite"), "replaced by its output"),
        ((tmp_path / ("x" * 300 + ".png"), *ask), "cannot be read"),
        ((small, *ask, "--output-encoding", "cm"), "encoding 'cm' is unknown"),
        ((small, *ask, "--output-encoding", "float"), "a PNG cannot hold encoding 'float'"),
        ((small, *ask, "--output-encoding", "levels16"), "choose an encoding of the map's"),
        ((small, *ask, "--model", "./none"), "model './none' not found"),
    ]:
        assert says in refused(capsys, "upscale", *arguments)
        assert not out.exists()


def test_a_float_map_does_not_go_into_a_png(capsys, tmp_path):
    np.save(tmp_path / "f.npy", np.array([[1.0, 2.0]]))
    line = refused(capsys, "upscale", tmp_path / "f.npy", "-o", tmp_path / "f.png", "--scale", 2)
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


def test_an_interrupt_leaves_nothing_half_written(capsys, tmp_path, small, monkeypatch):
    from dsdmsr.upscaling.enlarge import Enlargement

    def stop(self, *given):
        raise KeyboardInterrupt

    monkeypatch.setattr(Enlargement, "rows", stop)
    before = sorted(tmp_path.iterdir())
    code, _, err = run(capsys, "upscale", small, "-o", tmp_path / "b.png", "--scale", 2)
    assert code == 130
    assert "interrupted" in err
    assert sorted(tmp_path.iterdir()) == before


def test_an_interrupt_in_the_middle_leaves_nothing_either(capsys, tmp_path, small, monkeypatch):
    from dsdmsr.upscaling.graph_backend import GraphBackend

    calls = iter(range(3))
    predictor = GraphBackend.predictor

    def stop(self, *given, **more):
        if next(calls) == 2:
            raise KeyboardInterrupt
        return predictor(self, *given, **more)

    monkeypatch.setattr(GraphBackend, "predictor", stop)
    before = sorted(tmp_path.iterdir())
    ask = ("upscale", small, "-o", tmp_path / "b.npy", "--scale", 2, "--tile", 4)
    assert run(capsys, *ask)[0] == 130
    assert sorted(tmp_path.iterdir()) == before


def test_a_whole_factor_may_be_written_with_a_point(capsys, tmp_path, small):
    assert run(capsys, "upscale", small, "-o", tmp_path / "b.png", "--scale", "4.0")[0] == 0
    assert read_depth(tmp_path / "b.png").shape == (24, 32)


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ("16x12", None),
        ("17x13", None),
        ("20x15", None),
        ("20x16", "stretched by 2.5 along x and 2.67 along y"),
        ("32x12", "32x12 is of another shape than 8x6: stretched by 4 along x and 2 along y"),
    ],
)
def test_a_size_of_another_shape_is_announced(capsys, tmp_path, small, size, said):
    ask = ("upscale", small, "-o", tmp_path / "b.png", "--size", size, "--model", "dsdmsr-fast")
    code, _, err = run(capsys, *ask)
    assert (code, "stretched" in err) == (0, said is not None)
    assert said is None or said in err


def test_numbers_that_mean_nothing_are_given_as_options(capsys, tmp_path):
    numbers = np.full((8, 8), 1.5, np.float32)
    numbers[:4, :4], numbers[4:, 4:] = -9999, 12
    np.save(tmp_path / "a.npy", numbers)
    ask = ("upscale", tmp_path / "a.npy", "--scale", 2, "--encoding", "metres", "--overwrite")
    for options in (
        "--invalid -9999 --invalid 12",
        "--invalid=-9999 --invalid=12",
        "--invalid-above 10",
    ):
        code, _, _ = run(capsys, *ask, "-o", tmp_path / "b.npy", *options.split())
        assert code == 0
        made = np.load(tmp_path / "b.npy")
        assert not {-9999.0, 12.0} & set(made[np.abs(made - 1.5) < 0.2])
        assert (made[1:6, 10:15] == 1.5).all()
        # Holes are written as most of them were.
        assert (np.abs(made[1:6, 1:6] - 1.5) > 1).all()


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
    assert "b.png exists without its confidence" in refused(capsys, *folder)
    assert "sure.npy exists" in refused(capsys, *ask, "-o", tmp_path / "new.png", *out[2:])
    new = ("-o", tmp_path / "new.png", "--confidence")
    assert "allowed are .npy" in refused(capsys, *ask, *new, tmp_path / "sure.png")
    assert "leave --to-kind out" in refused(
        capsys, *ask, *new, tmp_path / "n.npy", "--to-kind", "inverse_depth"
    )
    assert not (tmp_path / "new.png").exists()


def test_a_network_that_tells_no_errors_says_so(capsys, tmp_path, network_folder, small):
    ask = ("upscale", small, "--scale", 4, "--model", network_folder, "-o", tmp_path / "n.png")
    said = refused(capsys, *ask, "--confidence", tmp_path / "n.npy")
    assert "doesn't predict the expected error" in said
    assert not list(tmp_path.glob("n.*"))


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
    assert "--noise needs --refine" in refused(capsys, *ask, *out, "--noise", 1)
    assert "noise is -1" in refused(capsys, *ask, *out, "--refine", "--noise", -1)


@pytest.mark.skipif(sys.platform != "linux", reason="the system's allocator is asked on Linux only")
@pytest.mark.parametrize(
    ("first", "kept"),
    [
        ("import dsdmsr.app.upscale", False),
        ("import dsdmsr; dsdmsr.keep_memory()", True),
        (
            "from dsdmsr.app.cli import main; main(['upscale', '{0}', '-o', '{1}', '--scale=2'])",
            True,
        ),
    ],
)
def test_commands_keep_memory_that_is_given_back(tmp_path, small, first, kept):
    blocks = blocks_taken_anew(first.format(small, tmp_path / "large.png"))
    assert (blocks < 1) if kept else (blocks > 9)
