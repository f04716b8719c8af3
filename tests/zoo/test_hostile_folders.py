"""Folders of networks that are damaged or meant to do harm: each gives one line, and code 2."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import load_file, save_file
from testing.exported import SMALL, exported
from testing.networks import SHARED, random_network

from dsdmsr import from_pretrained, save_pretrained
from dsdmsr.app.cli import main
from dsdmsr.zoo.find import CARD, CONFIG, GRAPHS, WEIGHTS
from dsdmsr.zoo.graphs import file_checksum
from dsdmsr.zoo.weights import with_checksum

Harm = Callable[[Path], object]
FIRST = "stages.0.unit.features.0.weight"


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("network")
    exported(SMALL, folder)
    np.save(folder / "map.npy", np.linspace(1, 2, 48, dtype=np.float32).reshape(6, 8))
    return folder


def upscale(folder: Path, backend: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    out = folder / "out.npy"
    given = ["upscale", str(folder / "map.npy"), "-o", str(out), "--scale", "2"]
    code = main([*given, "--model", str(folder), "--backend", backend])
    assert out.exists() == (code == 0)
    return code, capsys.readouterr().err


def refused(folder: Path, backend: str, capsys: pytest.CaptureFixture[str], *said: str) -> None:
    code, text = upscale(folder, backend, capsys)
    lines = [line for line in text.splitlines() if "assumed" not in line]
    assert code == 2, text
    assert len(lines) == 1, text
    assert lines[0].startswith("dsdmsr: ")
    assert len(text) < 1200
    for each in said:
        assert each in text


def config(**values: Any) -> Harm:
    def change(folder: Path) -> None:
        path = folder / CONFIG
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return change


def written(name: str, content: bytes) -> Harm:
    return lambda folder: (folder / name).write_bytes(content)


def cut(name: str, share: float) -> Harm:
    def change(folder: Path) -> None:
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: int(share * len(whole))])

    return change


def tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> Harm:
    def changed(folder: Path) -> None:
        weights = load_file(folder / WEIGHTS)
        change(weights)
        save_file(weights, folder / WEIGHTS)
        # As if the card and the graphs were written for them.
        graphs = json.loads((folder / GRAPHS).read_text())
        graphs["weights"] = file_checksum(folder / WEIGHTS)
        (folder / GRAPHS).write_text(json.dumps(graphs))

    return changed


def header(change: Callable[[dict[str, Any]], object]) -> Harm:
    """Return a change of the header of a safetensors file, whose data stay."""

    def changed(folder: Path) -> None:
        content = (folder / WEIGHTS).read_bytes()
        length = int.from_bytes(content[:8], "little")
        entries = json.loads(content[8 : 8 + length])
        change(entries)
        text = json.dumps(entries).encode()
        (folder / WEIGHTS).write_bytes(
            len(text).to_bytes(8, "little") + text + content[8 + length :]
        )

    return changed


def pipe(name: str) -> Harm:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return change


CONFIGS: dict[str, Harm] = {
    "width 0": config(width=[0]),
    "width below 0": config(width=[-8]),
    "width of a billion": config(width=[10**9]),
    "width of 4000 digits": config(width=[10**4000]),
    "width a number": config(width=8),
    "width a float": config(width=[8.5]),
    "width true": config(width=[True]),
    "width null": config(width=None),
    "width empty": config(width=[]),
    "width a list of a million": config(width=[8] * 10**6),
    "width another": config(width=[16]),
    "depth 0": config(depth=[0]),
    "depth of a billion": config(depth=[10**9]),
    "depth another": config(depth=[5]),
    "scale 0": config(scale=0),
    "scale 3": config(scale=3),
    "scale of 2 to the 40": config(scale=2**40),
    "scale below 0": config(scale=-4),
    "scale text": config(scale="4"),
    "scale larger than the stages": config(scale=16),
    "a unit that is none": config(unit="transformer"),
    "a unit that is a list": config(unit=["residual"]),
    "a fusion that is none": config(fusion="sum"),
    "carried below 0": config(carried=-4),
    "carried of a billion": config(carried=10**9),
    "candidates even": config(candidates=4),
    "candidates of a million": config(candidates=10**6 + 1),
    "consistency of a billion": config(consistency=10**9),
    "consistency below 0": config(consistency=-1),
    "confidence of a billion": config(confidence=10**9),
    "border of a billion": config(border=10**9),
    "border infinite": config(border=float("inf")),
    "dilations of a billion": config(dilations=[10**9]),
    "a million dilations": config(dilations=[1] * 10**6),
    "hidden of a billion": config(hidden=[[10**9, 1], [1, 1]]),
    "hidden empty lists": config(hidden=[[], []]),
    "an unknown key": config(colour=True),
    "a key of a megabyte": config(**{"k" * 900_000: 1}),
    "no configuration": lambda folder: (folder / CONFIG).unlink(),
    "an empty configuration": written(CONFIG, b""),
    "a configuration of brackets": written(CONFIG, b"[" * 200_000),
    "a configuration of zeros": written(CONFIG, bytes(1000)),
    "a list": written(CONFIG, b"[]"),
    "a configuration of 2 MB": written(CONFIG, b" " * 2_000_000 + b"{}"),
    "a configuration from a pipe": pipe(CONFIG),
}
"""Faults of the configuration, which torch alone reads."""

FILES: dict[str, Harm] = {
    "no weights": lambda folder: (folder / WEIGHTS).unlink(),
    "empty weights": written(WEIGHTS, b""),
    "weights cut in the header": cut(WEIGHTS, 0.02),
    "weights cut in the data": cut(WEIGHTS, 0.9),
    "weights with bytes after": lambda folder: (folder / WEIGHTS).write_bytes(
        (folder / WEIGHTS).read_bytes() + b"1234"
    ),
    "weights that are a pickle": written(WEIGHTS, b"\x80\x04}q\x00." * 20),
    "a header of 2 to the 60 bytes": written(WEIGHTS, (2**60).to_bytes(8, "little") + b"{}"),
    "weights of 2 TB without data": lambda folder: os.truncate(folder / WEIGHTS, 2**41),
    "weights from a pipe": pipe(WEIGHTS),
    "whole numbers": tensors(lambda w: w.update({k: v.int() for k, v in w.items()})),
    "bytes": tensors(lambda w: w.update({k: v.to(torch.uint8) for k, v in w.items()})),
    "truths": tensors(lambda w: w.update({k: v > 0 for k, v in w.items()})),
    "NaN": tensors(lambda w: w[FIRST].fill_(float("nan"))),
    "one infinity": tensors(lambda w: w[FIRST].flatten()[:1].fill_(float("inf"))),
    "offsets below 0": header(lambda h: h[FIRST].update(data_offsets=[-8, 4])),
    "offsets beyond the end": header(lambda h: h[FIRST].update(data_offsets=[0, 2**50])),
    "a shape of 2 to the 50": header(lambda h: h[FIRST].update(shape=[2**25, 2**25])),
    "a shape of text": header(lambda h: h[FIRST].update(shape="8")),
    "overlapping tensors": header(lambda h: h.update(x=h[FIRST])),
    "a header that is a list": written(WEIGHTS, (2).to_bytes(8, "little") + b"[]"),
    "weights of another card": lambda folder: (folder / CARD).write_text(
        with_checksum("---\nlicense: mit\n---\n", "0" * 64)
    ),
}
"""Faults of the weights, which every backend finds."""

TENSORS: dict[str, Harm] = {
    "a tensor less": tensors(lambda w: w.pop(FIRST)),
    "a tensor more": tensors(lambda w: w.update(more=torch.zeros(3))),
    "a tensor of another shape": tensors(lambda w: w.update({FIRST: torch.zeros(3)})),
    "no tensors": tensors(lambda w: w.clear()),
}
"""Weights that don't fit the configuration."""


def index(**values: Any) -> Harm:
    def change(folder: Path) -> None:
        path = folder / GRAPHS
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return change


def stages(change: Callable[[list[dict[str, Any]]], object]) -> Harm:
    def changed(folder: Path) -> None:
        values = json.loads((folder / GRAPHS).read_text())
        change(values["stages"])
        (folder / GRAPHS).write_text(json.dumps(values))

    return changed


def graph(change: Callable[[onnx.ModelProto], object]) -> Harm:
    def changed(folder: Path) -> None:
        for file in folder.glob("*.onnx"):
            model = onnx.load(file, load_external_data=False)
            change(model)
            file.write_bytes(model.SerializeToString())

    return changed


def outside(key: str, value: str) -> Harm:
    """Return a change of where a graph's weights lie."""

    def change(model: onnx.ModelProto) -> None:
        for tensor in model.graph.initializer:
            for entry in tensor.external_data:
                if entry.key == key:
                    entry.value = value

    return graph(change)


def looped(model: onnx.ModelProto) -> None:
    model.graph.node.add(op_type="Loop", input=["", ""], output=["never"])


def padded(model: onnx.ModelProto) -> None:
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.name == "pads":
                attribute.ints[:] = [10**9] * 4


def renamed(model: onnx.ModelProto) -> None:
    model.graph.input[0].name = "colour"


def fewer_views(model: onnx.ModelProto) -> None:
    """Have a graph give its input, which is no views."""
    for output in model.graph.output:
        output.name = "depth"


GRAPH_FILES: dict[str, Harm] = {
    "border of a billion": index(border=10**9),
    "border below 0": index(border=-1),
    "consistency of a billion": index(consistency=10**9),
    "scale 0": index(scale=0),
    "scale of 2 to the 40": index(scale=2**40),
    "scale larger than the stages": index(scale=16),
    "no stages": index(stages=[]),
    "a thousand stages": index(stages=[{"radius": 1, "files": {}}] * 1000),
    "no checksum": index(weights=""),
    "radius below 0": stages(lambda s: s[0].update(radius=-1)),
    "radius of a billion": stages(lambda s: s[0].update(radius=10**9)),
    "a stage without graphs": stages(lambda s: s[0].update(files={})),
    "errors in one stage alone": stages(lambda s: s[0]["files"].pop("errors")),
    "a graph elsewhere": stages(lambda s: s[0]["files"].update(last="../network/stage1_last.onnx")),
    "a graph at a full path": stages(lambda s: s[0]["files"].update(last="/etc/hosts")),
    "a graph that is the folder": stages(lambda s: s[0]["files"].update(last="..")),
    "a graph that is missing": lambda folder: (folder / "stage1_last.onnx").unlink(),
    "a graph that is empty": written("stage1_last.onnx", b""),
    "a graph that is text": written("stage1_last.onnx", b"no graph\n" * 100),
    "a graph that is cut": cut("stage1_last.onnx", 0.5),
    "a graph from a pipe": pipe("stage1_last.onnx"),
    "an index of brackets": written(GRAPHS, b"[" * 200_000),
    "an index from a pipe": pipe(GRAPHS),
    "weights outside the folder": outside("location", "../secret.bin"),
    "weights at a full path": outside("location", "/etc/hosts"),
    "weights beyond the end": outside("offset", str(2**40)),
    "weights before the start": outside("offset", "-8"),
    "weights of another length": outside("length", str(2**40)),
    "a loop": graph(looped),
    "margins of a billion": graph(padded),
    "an input that nobody gives": graph(renamed),
    "outputs that are no views": graph(fewer_views),
    "another domain": graph(lambda m: setattr(m.graph.node[0], "domain", "com.example")),
    "functions": graph(lambda m: m.functions.add(name="f", domain="d")),
    "infinite constants": graph(
        lambda m: m.graph.initializer.add(
            name="c", data_type=1, dims=[1], raw_data=np.float32([np.inf]).tobytes()
        )
    ),
    "a constant of 2 to the 40": graph(
        lambda m: m.graph.initializer.add(name="c", data_type=1, dims=[2**40], raw_data=b"1234")
    ),
}
"""Faults of graphs and their index, which runtimes of graphs find."""


def harmed(good: Path, tmp_path: Path, harm: Harm) -> Path:
    folder = tmp_path / "network"
    shutil.copytree(good, folder)
    harm(folder)
    return folder


def test_the_folder_is_good_before(good, tmp_path, capsys):
    for backend in ("onnx", "torch"):
        folder = harmed(good, tmp_path / backend, lambda folder: None)
        assert upscale(folder, backend, capsys)[0] == 0


@pytest.mark.parametrize("fault", [*CONFIGS, *FILES, *TENSORS])
def test_torch_refuses_it_in_one_line(good, tmp_path, capsys, fault):
    folder = harmed(good, tmp_path, {**CONFIGS, **FILES, **TENSORS}[fault])
    (folder / GRAPHS).unlink(missing_ok=True)
    refused(folder, "torch", capsys)


@pytest.mark.parametrize("fault", [*FILES, *GRAPH_FILES])
def test_a_runtime_of_graphs_refuses_it_in_one_line(good, tmp_path, capsys, fault):
    folder = harmed(good, tmp_path, {**FILES, **GRAPH_FILES}[fault])
    refused(folder, "onnx", capsys)


def test_a_folder_called_like_a_packaged_network_is_checked_too(
    good, tmp_path, capsys, monkeypatch
):
    folder = harmed(good, tmp_path, graph(looped))
    monkeypatch.chdir(tmp_path)
    mine = Path("dsdmsr-base", "mine")
    mine.parent.mkdir()
    folder.rename(mine)
    refused(mine, "onnx", capsys, "is not allowed")


def test_the_line_says_what_is_wrong(good, tmp_path, capsys):
    for backend, fault, said in (
        ("torch", CONFIGS["width of a billion"], "width has 1000000000: give 2048 or less"),
        ("torch", FILES["whole numbers"], "is of type 'I32': allowed are F16"),
        ("torch", FILES["one infinity"], "holds numbers that are not finite"),
        ("torch", TENSORS["a tensor less"], f"it lacks {FIRST!r}"),
        ("torch", FILES["weights of another card"], "is about other weights"),
        ("onnx", GRAPH_FILES["weights outside the folder"], "a file other than model.safetensors"),
        ("onnx", GRAPH_FILES["a loop"], "the operator 'Loop' is not allowed"),
    ):
        folder = harmed(good, tmp_path, fault)
        if backend == "torch":
            (folder / GRAPHS).unlink()
        refused(folder, backend, capsys, said)
        shutil.rmtree(folder)


def test_a_card_gets_the_checksum_of_the_weights_written_beside_it(tmp_path):
    card = "---\nlicense: mit\nweights_sha256: " + "0" * 64 + "\n---\n# A network\n"
    save_pretrained(random_network(SHARED), tmp_path, card)
    wanted = f"weights_sha256: {file_checksum(tmp_path / WEIGHTS)}\n"
    assert (tmp_path / CARD).read_text() == f"---\nlicense: mit\n{wanted}---\n# A network\n"
    from_pretrained(str(tmp_path))
