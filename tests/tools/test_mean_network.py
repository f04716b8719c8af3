from __future__ import annotations

import dataclasses
import sys

import pytest
import torch

from dsdmsr.nn import DSDMSR, ModelConfig
from dsdmsr.training.card import training_history
from dsdmsr.zoo.torch_networks import from_pretrained, save_pretrained
from tools import make_network, mean_network

CONFIG = ModelConfig(scale=4, width=(16, 16), depth=(2, 2), fusion="none", skip="nearest")
CARD = """---
license: apache-2.0
---
# mine

- **Trained**: recipe `one`, seed 1.
{more}- **Not for**: noisy maps.
"""
AGAIN = "- **Trained**: recipe `two`, seed 2.\n"


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """A packaged network, and one that goes on from it."""
    for module in (make_network, mean_network):
        monkeypatch.setattr(module, "ZOO", tmp_path)
    monkeypatch.setattr(mean_network, "from_pretrained", lambda name: from_pretrained(path(name)))
    monkeypatch.setattr(
        mean_network, "read_card", lambda name: (tmp_path / name / "README.md").read_text()
    )

    def path(name: str) -> str:
        return str(tmp_path / name)

    for seed, (name, more) in enumerate({"mine": "", "trained": AGAIN}.items()):
        torch.manual_seed(seed)
        save_pretrained(DSDMSR(CONFIG), tmp_path / name, CARD.format(more=more))
    return tmp_path


def mean(monkeypatch, folder, *options: str) -> None:
    monkeypatch.setattr(sys, "argv", ["mean_network", str(folder / "trained"), "mine", *options])
    mean_network.main()


def test_weights_are_means_and_the_card_says_so(packaged, monkeypatch, capsys):
    before, trained = (from_pretrained(str(packaged / n)).state_dict() for n in ("mine", "trained"))
    mean(monkeypatch, packaged, "--share", "0.25")
    for name, value in from_pretrained(str(packaged / "mine")).state_dict().items():
        expected = 0.75 * before[name].float() + 0.25 * trained[name].float()
        torch.testing.assert_close(value.float(), expected, atol=1e-3, rtol=1e-3)
    card = (packaged / "mine" / "README.md").read_text()
    assert training_history(card) == [
        "- **Trained**: recipe `one`, seed 1.",
        AGAIN.strip(),
        "- **After training**: mean of its weights, 25%, and those of before the last run.",
    ]
    assert card.endswith("- **Not for**: noisy maps.\n")
    assert (packaged / "mine" / "graphs.json").exists()
    assert "wrote" in capsys.readouterr().out


def test_only_networks_of_one_form_and_line_have_a_mean(packaged, monkeypatch):
    with pytest.raises(SystemExit):
        mean(monkeypatch, packaged, "--share", "1")
    (packaged / "trained" / "README.md").write_text(CARD.format(more=""))
    with pytest.raises(SystemExit, match="does not go on from mine"):
        mean(monkeypatch, packaged)
    other = dataclasses.replace(CONFIG, width=(32, 16))
    save_pretrained(DSDMSR(other), packaged / "trained", CARD.format(more=AGAIN))
    with pytest.raises(SystemExit, match="two networks of one form"):
        mean(monkeypatch, packaged)
