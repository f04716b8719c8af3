from __future__ import annotations

import pytest
from testing.command import refused, run

from dsdmsr.data.prepare.options import FolderOptions, SyntheticOptions
from dsdmsr.errors import ConfigError


def test_python_prepares_what_the_command_does(capsys, tmp_path):
    size = ("--count", 2, "--height", 16, "--width", 24, "--workers", 1)
    code, out, _ = run(capsys, "prepare", "synthetic", tmp_path / "command", *size)
    assert (code, "wrote 2 maps" in out) == (0, True)
    options = SyntheticOptions(count=2, height=16, width=24, workers=1)
    done: list[tuple[int, int]] = []
    options.prepare(options.source(), tmp_path / "python", lambda *counts: done.append(counts))
    assert done[-1] == (2, 2)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()}
        for name in ("command", "python")
    )
    assert first == second


def test_options_that_contradict_each_other_are_refused(capsys, tmp_path):
    with pytest.raises(ConfigError, match="give one or the others"):
        FolderOptions(encoding="mm", kind="depth")
    ask = ("prepare", "dtu", tmp_path / "none", tmp_path / "out")
    assert "workers is 300" in refused(capsys, *ask, "--workers", 300)
    assert "does not exist" in refused(capsys, *ask)
    assert "--no-pyramid" in refused(capsys, *ask, "--no-pyramid")
