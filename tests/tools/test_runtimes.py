from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from benchmarks.common.results import checksums, load_results
from dsdmsr.errors import ModelError
from dsdmsr.upscaling.onnx_runtime import OnnxRuntime
from tools.runtimes import tables
from tools.runtimes.child import web_runtime
from tools.runtimes.compare import NOT_RUN, REFUSED, TOLERANCE, WRONG, network, operator
from tools.runtimes.inputs import CONTENTS, SIZES, depth_maps, operator_maps
from tools.runtimes.measure import SCALES, in_this_environment
from tools.runtimes.operators import Use, exact, graph_files, network_folders, operators_in, uses_in
from tools.runtimes.torch_operators import OPERATORS, TorchOperators

RESULTS = load_results("runtimes")
OURS = ("torch", "onnxruntime", "openvino")
"""The runtimes that the package runs networks with."""


@pytest.fixture(autouse=True)
def no_cache_of_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def packaged() -> list[Use]:
    """Every use in two graphs, which have every operator."""
    folders = network_folders()
    files = [folders["dsdmsr-robust"] / f for f in ("stage1_next.onnx", "stage2_errors.onnx")]
    return uses_in(files)


def cells(row: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(row["compared"].items())


def test_documented_operators_are_those_of_the_packaged_graphs():
    documented = {name for row in RESULTS["operators"] for name in row["operators"]}
    assert documented == set().union(*map(operators_in, graph_files()))
    assert documented == set(OPERATORS)


def test_documented_networks_are_those_of_the_package():
    expected = [(name, scale) for name in network_folders() for scale in SCALES]
    for part in ("networks", "errors"):
        assert [(row["network"], row["scale"]) for row in RESULTS[part]] == expected
    names = {name.partition("/")[0] for name, _ in expected}
    assert RESULTS["weights"] == {name: checksums(name) for name in names}


@pytest.mark.parametrize("part", ["operators", "networks", "errors"])
def test_every_documented_cell_holds(part):
    for row in RESULTS[part]:
        assert set(row["compared"]) == set(tables.NAMES)
        rounding = 0 if part == "operators" else 2 * row["compared"]["torch"]["difference"]
        for name, cell in cells(row):
            if "word" in cell:
                assert cell["word"] in {REFUSED, WRONG, NOT_RUN}
                assert name not in OURS
            elif name != "torch" or part == "operators":
                assert cell["difference"] <= max(TOLERANCE, rounding)


def test_tables_show_every_word_and_why():
    text = tables.operators_table(RESULTS)
    for row in RESULTS["operators"]:
        for name, cell in cells(row):
            if "why" in cell:
                assert f"{tables.NAMES[name]}: {cell['why']}." in text
    assert "| dilations 1, 2, 4, 8, 16 |" in text


def test_a_figure_is_as_the_field_writes_it():
    assert tables.cell_text({"difference": 1.234e-7, "on": "1×1"}) == "1.2e-7"
    assert tables.cell_text({"difference": 0.0, "on": ""}) == "0"
    assert tables.cell_text({"difference": 1.0, "on": "", "word": WRONG}) == WRONG


def test_operators_still_agree(packaged, tmp_path):
    runtimes = {"torch": TorchOperators(), "onnxruntime": OnnxRuntime("cpu")}
    for use in packaged:
        maps = [(words, each) for words, each in operator_maps(use) if "97" not in words]
        for name, cell in operator(use, runtimes, maps, tmp_path).items():
            assert "word" not in cell, (use.operators, name, cell)


def test_uses_together_are_the_graphs_they_are_cut_from(packaged):
    """Each operator is in a use, and each use gives a map."""
    assert {name for use in packaged for name in use.operators} == set(OPERATORS)
    for use in packaged:
        onnx.checker.check_model(use.graph, full_check=True)
        assert all(channels > 0 for channels in use.channels.values())
        assert set(use.margins) == set(use.channels)
        assert min(use.margins.values()) >= 0


def test_the_definition_in_double_precision_is_that_of_onnx(packaged):
    for use in packaged:
        if use.operators[-1] != "Conv":
            continue
        maps = dict(operator_maps(use))["5×9, noise"]
        (expected,) = ReferenceEvaluator(use.graph).run(None, maps)
        np.testing.assert_allclose(exact(use, maps), expected, rtol=0, atol=1e-5)


def test_inputs_have_every_size_and_both_ends(packaged):
    names = [name for name, _ in operator_maps(packaged[0])]
    for height, width in SIZES:
        assert f"{height}×{width}, both ends" in names
    assert {name.partition(", ")[2] for name in names} == set(CONTENTS)
    depths = dict(depth_maps())
    assert {depth.shape for depth in depths.values()} == set(SIZES)
    assert any(not depth.valid.all() for depth in depths.values())
    assert max(float(depth.values.max()) for depth in depths.values()) > 1e37


class Altered:
    """ONNX Runtime, whose results are altered."""

    def __init__(self, alter) -> None:
        self.runtime, self.alter = OnnxRuntime("cpu"), alter

    def load(self, file: Path):
        run = self.runtime.load(file)
        return lambda inputs: [self.alter(output) for output in run(inputs)]

    def release(self) -> None:
        pass


def refuse(_: np.ndarray) -> np.ndarray:
    raise ModelError("it has no such operator")


@pytest.mark.parametrize(
    ("alter", "word"),
    [
        (lambda values: values + np.float32(2e-5) * np.abs(values).max(), WRONG),
        (lambda values: values[..., :1], WRONG),
        (lambda values: values * np.float32("nan"), WRONG),
        (refuse, REFUSED),
    ],
)
def test_what_differs_or_is_refused_is_said_in_words(packaged, tmp_path, alter, word):
    use = next(use for use in packaged if use.operators == ("Relu",))
    runtimes = MappingProxyType({"altered": Altered(alter), "missing": None})
    maps = list(operator_maps(use))[:8]
    found = operator(use, runtimes, maps, tmp_path)
    assert found["altered"]["word"] == word
    assert found["missing"] == {"word": NOT_RUN}


@pytest.mark.parametrize(("add", "word"), [(1e-6, None), (2e-5, WRONG)])
def test_a_network_that_differs_is_said_to(add, word):
    altered = {"altered": Altered(lambda values: values + np.float32(add))}
    maps = [(words, depth) for words, depth in depth_maps() if words == "5×9, surfaces"]
    found = network(network_folders()["dsdmsr-fast"], 2, altered, maps)["altered"]
    assert found.get("word") == word
    assert found["difference"] == pytest.approx(add, rel=0.5)


@pytest.mark.parametrize("missing", ["node", "npm"])
def test_without_node_or_npm_there_is_no_onnxruntime_web(monkeypatch, tmp_path, missing):
    monkeypatch.setattr(shutil, "which", lambda name: None if name == missing else name)
    assert web_runtime(tmp_path) is None
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(find_spec("openvino") is None, reason="pip install 'dsdmsr[openvino]'")
@pytest.mark.parametrize("name", network_folders())
def test_networks_still_agree(name):
    chosen = ("1×7, both ends", "7×1, small", "5×9, more holes than surfaces")
    maps = [(words, depth) for words, depth in depth_maps() if words in chosen]
    assert len(maps) == len(chosen)
    found = network(network_folders()[name], 2, in_this_environment(), maps, errors=True)
    assert all("word" not in cell for cell in found.values()), found
    assert all(cell["difference"] > 0 for cell in found.values())
