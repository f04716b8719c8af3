from __future__ import annotations

import sys

import pytest

import docs.figures.__main__ as figures
from benchmarks.__main__ import MODULES
from benchmarks.common.launch import launch, summary
from experiments.__main__ import MODULES as EXPERIMENTS
from tools.__main__ import MODULES as TOOLS

PACKAGES = [MODULES, EXPERIMENTS, TOOLS, figures.MODULES]


def test_every_name_has_a_module_that_says_what_it_holds():
    for modules in PACKAGES:
        for module in modules.values():
            assert summary(module).endswith(".")


def test_names_are_listed_without_loading_the_modules(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["benchmarks"])
    before = set(sys.modules)
    launch("benchmarks", MODULES)
    shown = capsys.readouterr().out
    assert "usage: python -m benchmarks NAME" in shown
    assert all(f"  {name} " in shown for name in MODULES)
    assert not {"benchmarks.speed.prepare"} & (set(sys.modules) - before)


def test_the_named_module_gets_the_other_arguments(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "processes", "--help"])
    with pytest.raises(SystemExit, match="0"):
        launch("benchmarks", MODULES)
    shown = capsys.readouterr().out
    assert "usage: python -m benchmarks processes" in shown
    assert "--rounds" in shown


def test_an_unknown_name_is_refused_with_the_list(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "sped"])
    with pytest.raises(SystemExit, match=r"sped is no name of benchmarks(.|\n)*  size "):
        launch("benchmarks", MODULES)
