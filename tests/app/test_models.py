from __future__ import annotations

from testing.command import run


def test_models_lists_what_is_packaged(capsys):
    code, out, _ = run(capsys, "models")
    assert code == 0
    assert "dsdmsr-base (default)" in out
