from __future__ import annotations

import re
import subprocess
import sys

import pytest
from testing.command import refused, run

import dsdmsr
from dsdmsr import DepthMap, read_depth, write_depth
from dsdmsr.app.cli import COMMANDS, app
from dsdmsr.evaluation.methods import BASELINES
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.io import ENCODINGS, ERROR_SUFFIXES
from dsdmsr.training.options import packaged_recipes
from dsdmsr.zoo.names import PACKAGED


@pytest.mark.parametrize(
    "code",
    [
        "import dsdmsr; dsdmsr.DepthMap; dsdmsr.read_depth",
        "from dsdmsr.app.cli import main; main(['--help']); main(['models'])",
        "import dsdmsr.app.cli",
        "from dsdmsr.app.cli import main; assert main(['upscale', '--help']) == 0",
        "from dsdmsr.app.cli import main; assert main(['train', '--help']) == 0",
        "from dsdmsr.app.cli import main; assert main(['evaluate', '--help']) == 0",
        "from dsdmsr.app.cli import main; assert main(['prepare', 'dtu', '--help']) == 0",
        "import dsdmsr; dsdmsr.sample(); dsdmsr.UpscaleOptions; dsdmsr.keep_memory",
        "from dsdmsr.app.cli import main; assert main(['sample', '{0}']) == 0; "
        "assert main(['info', '{0}/lr_depth.png']) == 0",
    ],
)
def test_light_things_do_not_load_torch(tmp_path, code):
    check = f"{code.format(tmp_path)}; import sys; assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_help_loads_no_command_and_no_rich():
    check = "from dsdmsr.app.cli import main; main(['--help']); import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    help_, modules = done.stdout.splitlines()[:-1], done.stdout.splitlines()[-1].split()
    assert all(any(line.strip().startswith(name) for line in help_) for name in COMMANDS)
    assert not {"rich.console", "numpy", *(f"dsdmsr.app.{name}" for name in COMMANDS)} & {*modules}


def test_public_names_are_there_and_no_others():
    for name in dsdmsr.__all__:
        assert getattr(dsdmsr, name) is not None
    assert dir(dsdmsr) == dsdmsr.__all__
    with pytest.raises(AttributeError, match="no attribute 'utils'"):
        dsdmsr.utils  # noqa: B018


def test_python_does_what_the_readme_says(tmp_path, small):
    depth = dsdmsr.read_depth(small)
    large = dsdmsr.Upscaler.from_pretrained(scale=2)(depth)
    write_depth(tmp_path / "large.png", large)
    assert isinstance(large, DepthMap)
    assert read_depth(tmp_path / "large.png").shape == (12, 16)


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("upscale", [*ENCODINGS, *PACKAGED, *ERROR_SUFFIXES]),
        ("train", packaged_recipes()),
        ("evaluate", [*PROTOCOLS, *BASELINES, "tgv"]),
        ("prepare", ["dtu", "middlebury", "nyu", "folder", "synthetic"]),
    ],
)
def test_help_names_every_entry_of_the_tables(capsys, command, names):
    code, out, _ = run(capsys, command, "--help")
    assert code == 0
    words = {word.rstrip(".") for word in re.split(r"[\s,;:()\[\]│]+", out)}
    assert set(names) <= words


def test_every_option_has_help_and_no_negative_form(capsys):
    for name in COMMANDS:
        command = app[name]
        subcommands = [command[sub] for sub in command if not sub.startswith("-")] or [command]
        for each in subcommands:
            arguments = each.assemble_argument_collection(parse_docstring=True).filter_by(show=True)
            for argument in arguments:
                assert argument.parameter.help, argument.name
    assert "--no-pyramid" not in run(capsys, "prepare", "dtu", "--help")[1]
    assert "--no-overwrite" not in run(capsys, "upscale", "--help")[1]


def test_unknown_commands_are_refused(capsys, tmp_path):
    said = refused(capsys, "smaple", tmp_path)
    assert 'Unknown command "smaple". Did you mean "sample"?' in said
    assert said.endswith("...; see 'dsdmsr --help'")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("evaluate --protocol inteval", 'Did you mean "interval"?'),
        ("evaluate --protocol a --maps x.png --baselines bicubik", "did you mean bicubic?"),
        ("train --recipe smok --explain", "did you mean smoke?"),
        ("prepare synthetic {0} --count 2.5", "--count is 2.5: give a whole number"),
        ("prepare dta x y", "prepare"),
        ("cloud {0} -o {0}.ply --intrinsics 1,1,1,1 --scale 1.5", "--scale is 1.5: give a whole"),
        ("cloud {0} -o {0}.ply --intrinsics 1,1,1,1 --steepest x", "--steepest is 'x': give a num"),
    ],
)
def test_close_names_are_suggested_and_nothing_is_rounded(capsys, tmp_path, arguments, said):
    assert said in refused(capsys, *arguments.format(tmp_path / "x").split())
