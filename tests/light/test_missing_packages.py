from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dsdmsr.errors import EXTRAS, install_command

TRAINING = ("filelock", "jinja2", "lightning", "torchmetrics", "webdataset", "yaml")
HEAVY = ("jaxtyping", "safetensors", "torch", *TRAINING)
BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked}:
            raise ModuleNotFoundError("not installed", name=name.partition(".")[0])

sys.meta_path.insert(0, Blocked())
"""
"""Makes a process one where some packages are not installed."""
EXTRA = tuple(EXTRAS)
"""What no extra brings is all there is."""


def run(
    code: str, *arguments: str, blocked: tuple[str, ...] = HEAVY
) -> subprocess.CompletedProcess[str]:
    code = BLOCKED.replace("{blocked}", repr(blocked)) + code
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


COMMAND = """
from dsdmsr.app.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    done = run(COMMAND, "sample", str(folder))
    assert done.returncode == 0, done.stderr
    return folder / "lr_depth.png"


@pytest.mark.parametrize(
    "arguments",
    [
        ("info", "{sample}"),
        ("info", "{sample}", "--preview", "{sample}.look.png"),
        ("models",),
        ("page", "-o", "{sample}.html"),
        ("upscale", "--help"),
        ("cloud", "{sample}", "-o", "{sample}.ply", "--intrinsics", "100,100,80,60"),
    ],
)
def test_commands_on_files_run_without_torch(sample, arguments):
    done = run(COMMAND, *(text.format(sample=sample) for text in arguments))
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_files_are_read_converted_and_written_without_torch(sample):
    code = """
import dsdmsr
depth = dsdmsr.read_depth(sys.argv[1])
dsdmsr.write_depth(sys.argv[1] + ".npy", depth)
print(dsdmsr.sample()[1].shape, dsdmsr.UpscaleOptions(scale=4).scale)
"""
    done = run(code, str(sample))
    assert done.stdout == "(480, 640) 4\n", done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        "{sample} -o {out}.npz --confidence {out}_error.npy --edges sharp --tile 90",
        "{sample} -o {out}.png --model dsdmsr-fast --fill 5 --filled {out}_filled.png",
        "{sample} -o {out}.npy --model auto --ensemble 8 --degradation bicubic",
        "{sample} {sample}.png -o {out} --model dsdmsr-fast --temporal",
        "{sample} -o {out}.npy --model dsdmsr-fast --preview {out}_look.png",
        "{sample} {sample}.png -o {out} --model dsdmsr-fast --preview {out}_look.png",
    ],
)
def test_maps_are_upscaled_without_torch(sample, tmp_path, arguments):
    sample.with_name("lr_depth.png.png").write_bytes(sample.read_bytes())
    given = arguments.format(sample=sample, out=tmp_path / "out").split()
    done = run(COMMAND, "upscale", *given, "--scale", "2")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / Path(given[given.index("-o") + 1]).name).exists()


@pytest.mark.parametrize("option", ["--refine", "--backend=torch", "--model=dsdmsr-vdsr"])
def test_what_needs_torch_names_the_extra_in_one_line(sample, option):
    done = run(COMMAND, "upscale", str(sample), "-o", f"{sample}.npz", "--scale", "2", option)
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("dsdmsr: ")]
    assert "torch" in line
    assert install_command("torch") in line


def test_reading_a_map_imports_no_torch(sample):
    code = "import sys, dsdmsr; dsdmsr.read_depth(sys.argv[1]); print('torch' in sys.modules)"
    command = [sys.executable, "-c", code, str(sample)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n", done.stderr


def test_upscaling_needs_the_extra_torch_alone(sample):
    target = sample.with_name("upscaled.png")
    arguments = ("upscale", str(sample), "-o", str(target), "--scale", "2", "--refine")
    pytest.importorskip("torch")
    done = run(COMMAND, *arguments, blocked=("huggingface_hub", *TRAINING[1:]))
    assert done.returncode == 0, done.stderr
    assert target.is_file()


@pytest.mark.parametrize(
    ("command", "extra"),
    [
        ("evaluate --protocol a --maps {sample}", "evaluate"),
        ("evaluate --protocol a --maps {sample} --baselines tgv", "evaluate"),
        ("train --recipe smoke --run-dir {out}", "train"),
        ("train --recipe smoke --explain", "train"),
        ("prepare folder {sample.parent} {out}", "prepare"),
        ("prepare synthetic {out} --count 1", "prepare"),
        ("export dsdmsr-fast -o {out}", "export"),
        ("sample {out} --seed 3", "torch"),
        ("upscale {sample} -o {out}.png --scale 2 --refine", "torch"),
        ("upscale {sample} -o {out}.png --scale 2 --model owner/name", "hub"),
        ("upscale {sample} -o {out}.png --scale 2 --model dsdmsr-vdsr", "torch"),
        ("upscale {sample} -o {out}.png --scale 2 --backend torch", "torch"),
        ("upscale {sample} -o {out}.png --scale 2 --device cuda:1", "torch"),
        ("upscale {sample} -o {out}.png --scale 2 --backend openvino", "openvino"),
        ("upscale {sample} -o {out}.tif --scale 2", "io"),
        ("upscale {sample} -o {out}.npy --scale 2 --confidence {out}.exr", "io"),
        ("stream realsense -o {out} --scale 2", "realsense"),
        ("stream {recording} -o {out} --scale 2", "ros"),
    ],
)
def test_a_command_names_the_extra_that_it_needs(sample, tmp_path, command, extra):
    recording = sample.with_name("a.bag")
    recording.touch()
    arguments = command.format(sample=sample, out=tmp_path / "out", recording=recording).split()
    done = run(COMMAND, *arguments, blocked=EXTRA)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("dsdmsr: ")
    assert line.endswith(install_command(extra))
    assert not done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("code", "extra"),
    [
        ("dsdmsr.DSDMSR", "torch"),
        ("dsdmsr.from_pretrained()", "torch"),
        ("dsdmsr.Upscaler.from_pretrained('a/b', scale=2)", "hub"),
        ("dsdmsr.UpscaleOptions(scale=2, refine=True)", "torch"),
        ("from dsdmsr.upscaling import Refinement; Refinement()", "torch"),
    ],
)
def test_python_names_the_extra_that_it_needs(code, extra):
    code = f"""
import dsdmsr
try:
    {code}
except dsdmsr.DsdmsrError as error:
    print(type(error).__name__, error)
"""
    done = run(code, blocked=EXTRA)
    assert done.stdout.startswith("DependencyError "), done.stderr
    assert done.stdout.endswith(f"{install_command(extra)}\n")
