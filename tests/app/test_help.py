from __future__ import annotations

import subprocess
import sys

import pytest
from testing.command import refused

import dsdmsr
from dsdmsr import DepthMap, read_depth, write_depth


@pytest.mark.parametrize(
    "code",
    [
        "import dsdmsr; dsdmsr.DepthMap; dsdmsr.read_depth",
        "from dsdmsr.app.cli import main; main(['--help']); main(['models'])",
        "import dsdmsr.app.cli",
    ],
)
def test_light_things_do_not_load_torch(code):
    check = f"{code}; import sys; assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


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


def test_unknown_commands_are_refused(capsys, tmp_path):
    assert "smaple" in refused(capsys, "smaple", tmp_path)
