from __future__ import annotations

import pytest
from testing.evaluations import ZEROS, measurement, three_scenes

from dsdmsr.evaluation.means import protocol_results, results
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.evaluation.report import markdown, table_rows


def test_means_stand_beside_the_published_ones():
    protocol = protocol_results(PROTOCOLS["a"], three_scenes())
    found = {row.method: row for row in table_rows(protocol)}
    assert found["tiny"].values == {2: pytest.approx(0.6), 4: pytest.approx(0.6)}
    assert found["MSG-Net"].values[2] == pytest.approx((0.662 + 0.373 + 0.357) / 3, abs=1e-3)
    assert found["MSG-Net"].sees == "depth and colour"
    assert "measured outside this repository" in found["MS-Net"].source
    # What was measured here is not shown twice.
    assert found["bicubic"].source == "this run"
    scenes = [row for row in table_rows(protocol, scenes=True) if row.scene == "art"]
    assert {"tiny", "bicubic", "MS-Net", "MSG-Net"} <= {row.method for row in scenes}
    # A published mean over other scenes than those measured is not shown.
    two = [one for one in three_scenes() if one.scene != "art"]
    rows = table_rows(protocol_results(PROTOCOLS["a"], two))
    assert {row.method for row in rows} == {"bicubic", "tiny"}


def test_two_frames_of_nyu_never_stand_beside_published_means():
    one = measurement(set="nyu, 2 frames", scene="1001", scale=4, unit="cm")
    protocol = protocol_results(PROTOCOLS["d"], [one])
    assert [row.method for row in table_rows(protocol)] == ["tiny"]
    assert protocol.published == ()


def test_markdown_has_every_mean(tiny_model):
    text = markdown(results([protocol_results(PROTOCOLS["a"], three_scenes())], [ZEROS]))
    assert "| A | tiny | depth | this run | 0.600 | 0.600 |" in text
    assert "## Protocol (a): noise-free Middlebury" in text
    assert "tiny has weights 000000000000 (bicubic: 111111111111)." in text
