from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import dsdmsr

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(dsdmsr.__path__, "dsdmsr.")
    if module.name != "dsdmsr.__main__"
)
SHOWN = (
    "dsdmsr.degradation.degrade",
    "dsdmsr.depth.map",
    "dsdmsr.evaluation.run",
    "dsdmsr.io.read",
    "dsdmsr.io.write",
    "dsdmsr.metrics.pixels",
    "dsdmsr.upscaling.upscaler",
)
"""Modules whose names people use first."""


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = doctest.testmod(importlib.import_module(name))
    assert not outcome.failed
    assert outcome.attempted or name not in SHOWN
