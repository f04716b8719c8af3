from __future__ import annotations

import subprocess
import sys

import pytest

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
        ("models",),
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


def test_what_needs_torch_names_the_extra_in_one_line(sample):
    done = run(COMMAND, "upscale", str(sample), "-o", f"{sample}.npz", "--scale", "2")
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("dsdmsr: ")]
    assert "torch" in line
    assert "pip install 'dsdmsr[torch]'" in line


def test_reading_a_map_imports_no_torch(sample):
    code = "import sys, dsdmsr; dsdmsr.read_depth(sys.argv[1]); print('torch' in sys.modules)"
    command = [sys.executable, "-c", code, str(sample)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == "False\n", done.stderr


def test_upscaling_needs_the_extra_torch_alone(sample):
    target = sample.with_name("upscaled.png")
    arguments = ("upscale", str(sample), "-o", str(target), "--scale", "2", "--refine")
    done = run(COMMAND, *arguments, blocked=("huggingface_hub", *TRAINING[1:]))
    assert done.returncode == 0, done.stderr
    assert target.is_file()


@pytest.mark.parametrize("command", ["evaluate --protocol a", "train --recipe smoke --run-dir run"])
def test_commands_name_their_own_extra(sample, command):
    arguments = command.split() + (["--maps", str(sample)] if "evaluate" in command else [])
    done = run(COMMAND, *arguments, blocked=("torch", *TRAINING))
    assert done.returncode == 2
    assert f"pip install 'dsdmsr[{arguments[0]}]'" in done.stderr
