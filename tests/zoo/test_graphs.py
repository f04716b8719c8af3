from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import onnx
import pytest
from testing.exported import SMALL, exported

from dsdmsr import Upscaler
from dsdmsr.errors import ModelError
from dsdmsr.training.export import export_graphs
from dsdmsr.zoo.find import GRAPHS
from dsdmsr.zoo.graphs import CONTRACT, Graphs, GraphStage, read_graphs, write_graphs
from dsdmsr.zoo.names import PACKAGED, REFERENCES, folder_of


@pytest.fixture
def folder(tmp_path) -> Path:
    exported(SMALL, tmp_path)
    return tmp_path


def changed(folder: Path, **values: Any) -> None:
    index = json.loads((folder / GRAPHS).read_text())
    (folder / GRAPHS).write_text(json.dumps({**index, **values}))


def test_an_index_survives_writing(folder):
    graphs = read_graphs(folder)
    assert isinstance(graphs, Graphs)
    write_graphs(graphs, folder / GRAPHS)
    assert read_graphs(folder) == graphs
    assert not [path for path in folder.iterdir() if "tmp" in path.name]


def test_a_folder_without_an_index_has_no_graphs(folder):
    (folder / GRAPHS).unlink()
    assert read_graphs(folder) is None


@pytest.mark.parametrize("form", ["other bytes", "cut"])
def test_other_weights_are_refused(folder, form):
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + (b"" if form == "cut" else bytes([whole[-1] ^ 1])))
    with pytest.raises(ModelError, match=r"belongs to other weights .*: export the network again"):
        read_graphs(folder)
    # A file that is only looked at later would be run with wrong weights.
    with pytest.raises(ModelError, match="belongs to other weights"):
        Upscaler.from_pretrained(folder, scale=2, backend="onnx")


def test_missing_weights_are_said(folder):
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"model\.safetensors cannot be read"):
        read_graphs(folder)


@pytest.mark.parametrize("values", [{}, {"precision": "int8"}])
def test_another_contract_is_refused_whatever_else_it_says(folder, values):
    changed(folder, contract=CONTRACT + 1, **values)
    with pytest.raises(ModelError, match=r"is of contract 2, and this version runs 1: export the"):
        read_graphs(folder)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '{"contract": 1}', "\xff\xfe"],
)
def test_a_damaged_index_is_refused_in_one_line(folder, text):
    (folder / GRAPHS).write_bytes(text.encode("latin-1"))
    with pytest.raises(ModelError, match=r"graphs\.json is damaged: ") as error:
        read_graphs(folder)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"scale": "4"}, "scale is '4': give a value of type int"),
        ({"symmetric": 1}, "symmetric is 1"),
        ({"stages": [{"radius": 1}]}, "files"),
        ({"stages": [{"radius": 1, "files": "stage1.onnx"}]}, "files"),
        ({"colour": True}, "unknown key 'colour'"),
    ],
)
def test_values_of_other_types_are_refused(folder, values, says):
    changed(folder, **values)
    with pytest.raises(ModelError, match=rf"is damaged: .*{says}"):
        read_graphs(folder)


def graphs(scale: int = 8, **changes: Any) -> Graphs:
    stages = [GraphStage(radius=1, files={"last": "file"})] * (scale.bit_length() - 1)
    plain = Graphs(
        contract=1,
        opset=18,
        weights="",
        scale=scale,
        border=0,
        symmetric=False,
        supersampled=False,
        consistency=0,
        stages=tuple(stages),
    )
    return dataclasses.replace(plain, **changes)


def test_scales_take_a_stage_each_and_one_more_if_supersampled():
    assert graphs(16).scales == (2, 4, 8, 16)
    assert graphs(2).scales == (2,)
    assert [graphs().stages_for(scale) for scale in (2, 4, 8)] == [1, 2, 3]
    assert [graphs(supersampled=True).stages_for(scale) for scale in (2, 4, 8)] == [2, 3, 3]


def test_errors_are_predicted_where_there_are_graphs_for_them():
    assert not graphs().predicts_error
    last = GraphStage(radius=1, files={"last": "file", "errors": "file"})
    assert graphs(2, stages=(last,)).predicts_error


@pytest.mark.parametrize("name", sorted(set(PACKAGED) - set(REFERENCES)))
def test_packaged_networks_have_graphs_of_their_weights(name):
    folder = Path(str(folder_of(name)))
    for config in sorted(folder.rglob("config.json")):
        graphs = read_graphs(config.parent)
        assert graphs is not None
        for stage in graphs.stages:
            assert all((config.parent / file).is_file() for file in stage.files.values())


@pytest.mark.parametrize("name", sorted(set(PACKAGED) - set(REFERENCES)))
def test_packaged_graphs_are_what_an_export_writes(tmp_path, name):
    for config in sorted(Path(str(folder_of(name))).rglob("config.json")):
        packaged, copy = config.parent, tmp_path / config.parent.name
        shutil.copytree(packaged, copy)
        assert export_graphs(copy) == read_graphs(packaged)
        for file in packaged.glob("*.onnx"):
            # Messages are compared as bytes, since == takes minutes.
            one, other = (
                onnx.load(folder / file.name, load_external_data=False).SerializeToString(
                    deterministic=True
                )
                for folder in (packaged, copy)
            )
            assert one == other, "run python -m dsdmsr export again, in place"
