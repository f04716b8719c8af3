from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["certainty", "edges", "pixels", "similarity"])
def test_examples_in_docstrings_run(name):
    tried = doctest.testmod(importlib.import_module(f"dsdmsr.metrics.{name}"))
    assert tried.attempted > 0
    assert tried.failed == 0
