from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def shown_by(name, tmp_path):
    """Run a notebook as ``jupyter execute`` does, and return what it shows as text."""
    run = [sys.executable, "-c", "from nbclient.cli import main; main()", name, "--timeout=300"]
    # A process of its own: Jupyter leaves its sockets to the garbage collector.
    subprocess.run([*run, f"--output={tmp_path / name}"], cwd=FOLDER, check=True)
    notebook = nbformat.read(tmp_path / name, as_version=4)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    texts = [output.get("text") or output["data"] for output in outputs]
    return "\n".join(
        text if isinstance(text, str) else text.get("text/markdown", text["text/plain"])
        for text in texts
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebooks_are_kept_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    for cell in code:
        assert (cell.outputs, cell.execution_count, dict(cell.metadata)) == ([], None, {})
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"[{path.name}]({path.name})" in readme


@pytest.mark.slow
def test_a_sensors_frame_is_upscaled(tmp_path):
    shown = shown_by("sensor.ipynb", tmp_path)
    bicubic, ours = map(float, re.findall(r"(?:bicubic|upscaled) ([\d.]+) mm", shown))
    assert ours < 0.7 * bicubic
    error, certain = map(float, re.findall(r"(?:error:|tenth) ([\d.]+) mm", shown))
    assert certain < 0.5 * error
    assert "DepthMap(480×640, depth, m," in shown


@pytest.mark.slow
def test_a_network_and_predictions_are_compared(tmp_path):
    shown = shown_by("compare.ipynb", tmp_path)
    table = re.findall(r"^\| own \| (.+) \| depth \| this run \| ([\d.]+) \|$", shown, re.MULTILINE)
    rmse = {name: float(figure) for name, figure in table}
    assert {"nearest", "bicubic", "Pillow's Lanczos", "mine"} < set(rmse)
    assert rmse["dsdmsr-base"] < rmse["mine"] < rmse["bicubic"] < rmse["nearest"]
    assert rf"own & mine & depth & {rmse['mine']:.3f} \\" in shown
