from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import torch

from dsdmsr.nn import DSDMSR, ModelConfig

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def test_the_research_codes_form_is_the_same_network():
    """Its weights, put into ours, give the same map: only the way there is another."""
    torch.manual_seed(0)
    theirs = importlib.import_module("research_form").ResearchForm(8)
    ours = DSDMSR(ModelConfig(scale=8, unit="srcnn", fusion="legacy"))
    pairs = [*zip(ours.stages, theirs.stages, strict=True), (ours.fusion, [theirs.fusion])]
    with torch.no_grad():
        for mine, units in pairs:
            their_parameters = [list(unit.parameters()) for unit in units]
            for k, parameter in enumerate(mine.parameters()):
                parameter.copy_(torch.cat([unit[k] for unit in their_parameters]))
    depth = torch.rand(2, 1, 9, 10)
    torch.testing.assert_close(theirs(depth), ours(depth).fused, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_speed_measures_every_packaged_network_and_the_reference():
    speed = importlib.import_module("speed")
    rows = speed.measure((8, 12), 8, 1, "cpu")
    assert {row["method"] for row in rows} == set(speed.methods(8))
    assert all(row["median_s"] > 0 for row in rows)
    (reference,) = [row for row in rows if row["method"] == speed.REFERENCE]
    assert reference["times_reference"] == 1
    assert speed.peak_mib("bicubic", 4, (512, 512), "cpu") > 15  # 2048² floats are 16 MiB
