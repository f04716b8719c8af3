from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from PIL import Image
from testing.command import refused, run

import dsdmsr
from dsdmsr import DepthMap, TemporalFilter, read_depth, write_depth
from dsdmsr.depth.estimate import looks_noisy


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
    assert (code, "wrote 2 files" in out, "1 existed" in out) == (0, True, True)
    assert (results / "b.png").read_text() == "mine"
    assert read_depth(results / "a.png").shape == tuple(2 * n for n in read_depth(small).shape)
    code, out, _ = run(capsys, *ask, "--resume")
    assert (code, "wrote 0 files" in out) == (0, True)
    # Without its marks, a file is not done, and is not replaced either.
    assert "exists without its marks: give --overwrite to replace it" in refused(capsys, *marked)
    assert (results / "b.png").read_text() == "mine"
    alone = ("upscale", small, "-o", results / "b.png", "--scale", 2, "--resume")
    code, out, _ = run(capsys, *alone)
    assert (code, "which exists" in out.replace("\n", " ")) == (0, True)


def test_maps_of_a_stack_go_to_files_of_their_own(capsys, tmp_path, rng):
    stack = tmp_path / "stack.h5"
    with h5py.File(stack, "w") as file:
        file["depths"] = rng.uniform(1, 2, (3, 4, 5)).astype(np.float32)
    before = stack.read_bytes()
    ask = ("upscale", f"{stack}#0", "--scale", 2, "--overwrite")
    assert "replaced by its output" in refused(capsys, *ask, "-o", stack)
    assert (
        run(capsys, "upscale", f"{stack}#1", f"{stack}#2", "--scale", 2, "-o", tmp_path / "o")[0]
        == 0
    )
    assert sorted(p.name for p in (tmp_path / "o").iterdir()) == ["stack-1.h5", "stack-2.h5"]
    assert read_depth(tmp_path / "o" / "stack-2.h5").shape == (8, 10)
    assert stack.read_bytes() == before


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


def test_a_frame_without_a_valid_pixel_stays_in_its_place(capsys, tmp_path, small):
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in (1, 3):
        (frames / f"{number}.png").write_bytes(small.read_bytes())
    Image.fromarray(np.zeros((6, 8), np.uint16)).save(frames / "2.png")
    ask = ("upscale", frames, "--scale", 2, "--model", "dsdmsr-fast", "--encoding", "mm")
    beside = ("--fill", 99, "--filled", tmp_path / "marks", "--confidence", tmp_path / "sure")
    for more in ((), ("--temporal",)):
        out = tmp_path / f"out{len(more)}"
        code, said, err = run(capsys, *ask, "-o", out, *beside, "--overwrite", *more)
        assert (code, said) == (0, f"wrote 3 files to {out}; 1 of them empty\n")
        assert f"no pixel is valid in {frames / '2.png'}: written empty" in err
        assert np.asarray(Image.open(out / "2.png")).tolist() == np.zeros((12, 16)).tolist()
        assert read_depth(out / "3.png").valid.any()
        assert not np.asarray(Image.open(tmp_path / "marks" / "2.png")).any()
        assert np.isnan(np.load(tmp_path / "sure" / "2.png.npy")).all()
    alone = ("upscale", frames / "2.png", "-o", tmp_path / "b.png", "--scale", 2)
    assert "no pixel of the map is valid" in refused(capsys, *alone)


def test_folders_in_folders_keep_their_names(capsys, tmp_path, small):
    tree = tmp_path / "tree"
    for name in ("a.png", "x/a.png", "x/y/b.png", ".hidden/c.png"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(small.read_bytes())
    ask = ("upscale", tree, "--scale", 2, "--model", "dsdmsr-fast", "--encoding", "mm")
    deep = (*ask, "--output-dir", tree / "out", "--recursive", "--format", "npy")
    beside = ("--confidence", tmp_path / "sure")
    for again in ((), ("--overwrite",)):
        # The output's folder, though inside, is no input.
        code, said, _ = run(capsys, *deep, *beside, *again)
        assert (code, said) == (0, f"wrote 3 files to {tree / 'out'}\n")
        made = sorted(str(p.relative_to(tree / "out")) for p in (tree / "out").rglob("*.*"))
        assert made == ["a.npy", "x/a.npy", "x/y/b.npy"]
    assert (tmp_path / "sure" / "x" / "a.png.npy").is_file()
    code, said, _ = run(capsys, *ask, "-o", tmp_path / "flat.d")
    assert (code, said) == (0, f"wrote {tmp_path / 'flat.d' / 'a.png'}\n")


def test_inputs_that_would_become_one_file_are_named(capsys, tmp_path, small):
    for name in ("x/a.png", "y/a.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(small.read_bytes())
    np.save(tmp_path / "x" / "a.npy", np.ones((3, 4), np.float32))
    ask = ("--scale", 2, "-o", tmp_path / "out")
    said = refused(capsys, "upscale", tmp_path / "*" / "a.png", *ask)
    assert f"{tmp_path}/x/a.png and {tmp_path}/y/a.png would both become" in said
    said = refused(capsys, "upscale", tmp_path / "x", *ask, "--format", "npy")
    assert f"{tmp_path}/x/a.npy and {tmp_path}/x/a.png would both become" in said
    said = refused(capsys, "upscale", tmp_path / "x", tmp_path / "x" / "a.png", *ask)
    assert said.endswith("x/a.png is given twice: give it once")
    assert not (tmp_path / "out").exists()


def test_one_files_fault_does_not_end_the_others(tmp_path, monkeypatch, capsys):
    for number in range(3):
        depth = DepthMap(np.full((6, 7), 1.0 + number), unit="m")
        write_depth(tmp_path / "in" / f"{number}.png", depth, "mm")
    from dsdmsr.app import upscale_files

    enlarge = upscale_files.upscale_file

    def odd(source: Path, *more: object, **named: object):
        if source.stem == "1":
            raise ZeroDivisionError("by nothing")
        return enlarge(source, *more, **named)

    monkeypatch.setattr(upscale_files, "upscale_file", odd)
    options = ("--output-dir", tmp_path / "out", "--scale", 2, "--model", "dsdmsr-fast")
    code, out, err = run(capsys, "upscale", tmp_path / "in", *options)
    assert (code, out) == (1, f"wrote 2 files to {tmp_path / 'out'}\n")
    assert "1.png: ZeroDivisionError: by nothing" in err
