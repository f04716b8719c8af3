from __future__ import annotations

import pytest
import torch
from testing.runs import processes, short_recipe

from dsdmsr.training.recipe import Recipe


@pytest.fixture
def no_account(monkeypatch, tmp_path):
    """No key of anyone's is found, and nothing is sent."""
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_PROJECT", "WANDB_ENTITY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NETRC", str(tmp_path / "home" / "netrc"))


@pytest.fixture
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return short_recipe()


@pytest.fixture
def start(tmp_path_factory):
    """Start functions in processes of their own; none outlives the test."""
    with processes(tmp_path_factory.mktemp("processes")) as starter:
        yield starter
