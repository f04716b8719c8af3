"""The nodes of examples/comfyui, by what ComfyUI's documentation says of nodes.

Where ComfyUI itself is on the path, its modules are used, otherwise stand-ins for what the nodes
ask of them:

    PYTHONPATH=src:/path/to/ComfyUI python -m pytest tests/interop/test_comfyui_nodes.py
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dsdmsr.io.image_batches import maps_of, read_batch
from dsdmsr.upscaling.image_batches import BatchOptions, upscale_batch

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "comfyui"
CODE = FOLDER / "__init__.py"
THERE = importlib.util.find_spec("folder_paths") is not None
torch = pytest.importorskip("torch")


def stand_ins() -> dict[str, ModuleType]:
    """Return the modules of ComfyUI that the nodes import, with what they ask of these alone."""
    paths, comfy, utils, cli = map(
        ModuleType, ("folder_paths", "comfy", "comfy.utils", "comfy.cli_args")
    )
    set_to: dict[str, str] = {}

    def place(prefix: str, folder: str, width: int, height: int) -> tuple[str, str, int, str, str]:
        below, name = os.path.split(prefix)
        full = Path(folder, below)
        full.mkdir(parents=True, exist_ok=True)
        found = [re.fullmatch(rf"{re.escape(name)}_(\d+)_\.png", p.name) for p in full.iterdir()]
        first = max((int(match[1]) for match in found if match), default=0) + 1
        return str(full), name, first, below, prefix

    for kind in ("input", "output"):
        setattr(paths, f"set_{kind}_directory", lambda path, kind=kind: set_to.update({kind: path}))
        setattr(paths, f"get_{kind}_directory", lambda kind=kind: set_to[kind])
    paths.get_annotated_filepath = lambda name: str(Path(set_to["input"], name))
    paths.get_save_image_path = place
    utils.ProgressBar = lambda total: SimpleNamespace(update_absolute=lambda value: None)
    cli.args = SimpleNamespace(disable_metadata=False)
    comfy.utils = utils
    return {module.__name__: module for module in (paths, comfy, utils, cli)}


@pytest.fixture
def nodes(tmp_path, monkeypatch):
    """Return the nodes by name, with empty folders for inputs and outputs."""
    if not THERE:
        for name, module in stand_ins().items():
            monkeypatch.setitem(sys.modules, name, module)
    import folder_paths

    for kind in ("input", "output"):
        (tmp_path / kind).mkdir()
        getattr(folder_paths, f"set_{kind}_directory")(str(tmp_path / kind))
    spec = importlib.util.spec_from_file_location("custom_nodes_dsdmsr", CODE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.NODE_CLASS_MAPPINGS


def run(node: Any, **given: Any) -> Any:
    """Run a node as ComfyUI does: all that is required, in types that the node names."""
    inputs = node.INPUT_TYPES()
    for name, (kind, *about) in inputs["required"].items():
        if isinstance(kind, list):
            given.setdefault(name, about[0].get("default", kind[0]) if about else kind[0])
            assert given[name] in kind
        elif about:
            given.setdefault(name, about[0]["default"])
    allowed = {name for part in inputs.values() for name in part}
    assert set(inputs["required"]) <= set(given) <= allowed
    got = getattr(node(), node.FUNCTION)(**given)
    if not getattr(node, "OUTPUT_NODE", False):
        assert isinstance(got, tuple)
        assert len(got) == len(node.RETURN_TYPES)
        for kind, tensor in zip(node.RETURN_TYPES, got, strict=True):
            assert tensor.dtype == torch.float32
            assert tensor.ndim == {"IMAGE": 4, "MASK": 3}[kind]
    return got


def surfaces(folder: Path) -> np.ndarray:
    """Write and return 16-bit depth with a hole."""
    rows, columns = np.mgrid[:12, :16]
    numbers = (1 + 301 * rows + 211 * columns + 9000 * (columns > 7)).astype(np.uint16)
    numbers[3:6, 2:5] = 0
    Image.fromarray(numbers).save(folder / "depth.png")
    return numbers


def test_the_adapter_has_no_logic_and_the_readme_its_inputs():
    text = CODE.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 80
    assert "numpy as" not in text
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", readme, flags=re.MULTILINE)
    expected = {name: str(about["default"]) for name, (_, about) in BatchOptions.inputs().items()}
    assert dict(rows) == expected


def test_depth_is_loaded_upscaled_and_saved_with_16_bits(tmp_path, nodes):
    numbers = surfaces(tmp_path / "input")
    image, holes = run(nodes["dsdmsr load"], image="depth.png", zero="hole")
    assert image.shape == (1, 12, 16, 3)
    larger, more = run(
        nodes["dsdmsr upscale"], image=image, holes=holes, scale=2, model="dsdmsr-fast"
    )
    batch = read_batch(tmp_path / "input" / "depth.png", zero="hole")
    expected, mask = upscale_batch(*batch, scale=2, model="dsdmsr-fast")
    np.testing.assert_array_equal(larger.numpy(), expected)
    np.testing.assert_array_equal(more.numpy(), mask)
    save = nodes["dsdmsr save"]
    pair, workflow = torch.cat([image, image]), {"workflow": {"nodes": [1]}}
    for number in (1, 3):
        got = run(save, images=pair, holes=holes, prompt={"1": 2}, extra_pnginfo=workflow)
        files = [f"depth_{number + n:05}_.png" for n in (0, 1)]
        assert [shown["filename"] for shown in got["ui"]["images"]] == files
    got = run(save, images=larger, holes=more, filename_prefix="below/up")
    assert got["ui"]["images"] == [
        {"filename": "up_00001_.png", "subfolder": "below", "type": "output"}
    ]
    with Image.open(tmp_path / "output" / "depth_00004_.png") as back:
        np.testing.assert_array_equal(np.asarray(back), numbers)
        assert {k: json.loads(v) for k, v in back.text.items()} == {"prompt": {"1": 2}, **workflow}
    up = read_batch(tmp_path / "output" / "below" / "up_00001_.png", zero="hole")
    np.testing.assert_array_equal(up[1], mask)
    np.testing.assert_allclose(up[0], expected, atol=0.51 / 65535)


def test_a_mask_of_another_size_means_no_holes(nodes):
    image = torch.linspace(0, 1, 64).reshape(1, 8, 8, 1).repeat(1, 1, 1, 3)
    node = nodes["dsdmsr upscale"]
    larger, holes = run(node, image=image, holes=torch.zeros(1, 64, 64), model="dsdmsr-fast")
    assert larger.shape == (1, 32, 32, 3)
    assert not holes.any()


def test_a_file_that_changes_is_loaded_again(tmp_path, nodes):
    surfaces(tmp_path / "input")
    load = nodes["dsdmsr load"]
    before = load.IS_CHANGED("depth.png", "value")
    assert load.IS_CHANGED("depth.png", "hole") == before
    os.utime(tmp_path / "input" / "depth.png", ns=(1, 1))
    assert load.IS_CHANGED("depth.png", "value") != before


def test_what_is_loaded_as_values_has_no_holes(tmp_path, nodes):
    numbers = surfaces(tmp_path / "input")
    image, holes = run(nodes["dsdmsr load"], image="depth.png")
    assert not holes.any()
    np.testing.assert_array_equal(
        maps_of(image.numpy())[0].values, (numbers / 65535).astype(np.float32)
    )
