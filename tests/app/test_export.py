from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from testing.command import refused, run
from testing.exported import SMALL, saved

from dsdmsr import Upscaler, read_depth
from dsdmsr.errors import install_command
from dsdmsr.zoo.graphs import read_graphs

COPIED = ["README.md", "config.json", "model.safetensors"]
FILES = sorted(
    [
        *COPIED,
        "graphs.json",
        *(f"stage1_{use}.onnx" for use in ("errors", "last", "next")),
        *(f"stage2_{use}.onnx" for use in ("errors", "last")),
    ]
)


@pytest.fixture
def net(tmp_path) -> Path:
    saved(SMALL, tmp_path / "net")
    return tmp_path / "net"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_copy_with_graphs_is_written_and_upscales(capsys, tmp_path, net, small):
    copy = tmp_path / "new" / "copy"
    code, out, _ = run(capsys, "export", net, "-o", copy)
    assert code == 0
    assert f"wrote {copy}: 5 graphs of opset 18; use it with --model" in out.replace("\n", "")
    assert names(copy) == FILES
    assert names(net) == COPIED
    for file in COPIED:
        assert (copy / file).read_bytes() == (net / file).read_bytes()
    results = []
    for model, backend in ((copy, "onnx"), (net, "torch")):
        target = tmp_path / f"{backend}.npy"
        arguments = ("upscale", small, "-o", target, "--scale", 4, "--device", "cpu")
        assert run(capsys, *arguments, "--model", model, "--backend", backend)[0] == 0
        results.append(read_depth(target, "mm").values)
    np.testing.assert_allclose(*results, rtol=0, atol=1e-5)
    assert "no ONNX graphs" in refused(
        *(capsys, "upscale", small, "-o", tmp_path / "b.npy", "--scale", 4),
        *("--model", net, "--backend", "onnx"),
    )


def test_a_network_is_exported_in_place(capsys, net, monkeypatch):
    before = {file: (net / file).read_bytes() for file in COPIED}
    monkeypatch.chdir(net)
    for _ in range(2):
        assert run(capsys, "export", ".", "--output", net)[0] == 0
        assert names(net) == FILES
    assert {file: (net / file).read_bytes() for file in COPIED} == before


def test_a_packaged_network_is_exported(capsys, tmp_path):
    assert run(capsys, "export", "dsdmsr-fast", "-o", tmp_path)[0] == 0
    graphs = read_graphs(tmp_path)
    assert graphs is not None
    assert graphs.scales == (2, 4, 8, 16)


@pytest.mark.parametrize("file", COPIED)
def test_files_that_exist_are_kept(capsys, tmp_path, net, file):
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / file).write_text("mine")
    line = refused(capsys, "export", net, "-o", copy)
    assert line == f"dsdmsr: {copy / file} exists: give --overwrite, or another folder"
    assert names(copy) == [file]
    assert (copy / file).read_text() == "mine"
    assert run(capsys, "export", net, "-o", copy, "--overwrite")[0] == 0
    assert names(copy) == FILES
    assert Upscaler.from_pretrained(copy, scale=2, backend="onnx").backend.scales == (2, 4)


def test_whole_graphs_are_written_for_each_factor(capsys, tmp_path, net, monkeypatch):
    out = tmp_path / "out"
    assert run(capsys, "export", net, "-o", out, "--whole", 2, 4)[0] == 0
    assert names(out) == ["net-x2.onnx", "net-x4.onnx"]
    facts = {each.key: each.value for each in onnx.load(out / "net-x4.onnx").metadata_props}
    assert (facts["dsdmsr"], facts["scale"]) == ("net", "4")
    line = refused(capsys, "export", net, "-o", out, "--whole", 4)
    assert line == f"dsdmsr: {out / 'net-x4.onnx'} exists: give --overwrite, or another folder"
    assert run(capsys, "export", net, "-o", out, "--whole", 4, "--overwrite")[0] == 0
    # A folder's name is its own, however it is given; and beside a network nothing is in the way.
    monkeypatch.chdir(net)
    assert run(capsys, "export", ".", "-o", ".", "--whole", 2)[0] == 0
    assert names(net) == sorted([*COPIED, "net-x2.onnx"])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere",), "model 'nowhere' not found: give one of dsdmsr-base"),
        (("{net}", "--whole", 8), "does not serve the scale 8: allowed are 2, 4"),
        (("{net}", "--whole", 3), "3"),
        (("dsdmsr-vdsr",), "dsdmsr-vdsr cannot be exported: its fusion or bicubic skip resizes"),
        (("dsdmsr-vdsr", "--whole", 2), "dsdmsr-vdsr cannot be exported"),
    ],
)
def test_what_cannot_be_exported_is_refused_in_one_line(capsys, tmp_path, net, arguments, says):
    out = tmp_path / "out"
    given = [str(argument).format(net=net) for argument in arguments]
    assert says in refused(capsys, "export", *given, "-o", out)
    # Nothing is left that would be in the way of another try.
    assert not out.exists() or names(out) == []


def test_weights_inside_of_a_packaged_network_have_a_name_of_their_own(capsys, tmp_path):
    assert run(capsys, "export", "dsdmsr-base/bicubic", "-o", tmp_path, "--whole", 2)[0] == 0
    (file,) = tmp_path.iterdir()
    assert file.name == "dsdmsr-base-bicubic-x2.onnx"
    facts = {each.key: each.value for each in onnx.load(file).metadata_props}
    assert facts["dsdmsr"] == "dsdmsr-base-bicubic"


def test_an_output_is_asked_for(capsys, net):
    assert "--output" in refused(capsys, "export", net)


def test_without_onnx_its_install_command_is_named(capsys, tmp_path, net, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    for module in ("export", "onnx_graph"):
        monkeypatch.delitem(sys.modules, f"dsdmsr.training.{module}", raising=False)
    line = refused(capsys, "export", net, "-o", tmp_path / "out")
    assert install_command("export") in line
    assert not (tmp_path / "out").exists()


def test_weights_for_known_degradations_come_along(tmp_path, capsys):
    copy = tmp_path / "copy"
    assert run(capsys, "export", "dsdmsr-base", "-o", copy)[0] == 0
    for inside in (".", "bicubic"):
        assert read_graphs(copy / inside) is not None
    assert (copy / "bicubic" / "config.json").read_bytes() != (copy / "config.json").read_bytes()
