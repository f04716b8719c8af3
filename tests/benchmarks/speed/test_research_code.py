from __future__ import annotations

import torch

from benchmarks.speed.research_code import ResearchForm
from dsdmsr.nn import DSDMSR, ModelConfig


def test_the_research_codes_form_is_the_same_network():
    """Its weights, put into ours, give the same map: only the way there is another."""
    torch.manual_seed(0)
    theirs = ResearchForm(8)
    ours = DSDMSR(ModelConfig(scale=8, unit="srcnn", fusion="legacy"))
    pairs = [*zip(ours.stages, theirs.stages, strict=True), (ours.fusion, [theirs.fusion])]
    with torch.no_grad():
        for mine, units in pairs:
            their_parameters = [list(unit.parameters()) for unit in units]
            for k, parameter in enumerate(mine.parameters()):
                parameter.copy_(torch.cat([unit[k] for unit in their_parameters]))
    depth = torch.rand(2, 1, 9, 10)
    torch.testing.assert_close(theirs(depth), ours(depth).fused, rtol=1e-4, atol=1e-5)
