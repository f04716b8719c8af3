from __future__ import annotations

import pytest


@pytest.fixture
def no_account(monkeypatch, tmp_path):
    """No key of anyone's is found, and nothing is sent."""
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_PROJECT", "WANDB_ENTITY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NETRC", str(tmp_path / "home" / "netrc"))
