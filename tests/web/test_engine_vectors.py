"""The page's engine and the test vectors, which any port has to pass."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from testing.web_engine import job_of, output

from dsdmsr import DepthMap

VECTORS = Path(__file__).parents[1] / "vectors"
CASES = [
    case
    for case in json.loads((VECTORS / "manifest.json").read_text())["cases"]
    if case["weights"] == "dsdmsr-fast"
]


def _map_of(case) -> DepthMap:
    numbers = np.load(VECTORS / case["input"])
    valid = np.isfinite(numbers) if case["hole"] == "NaN" else numbers != case["hole"]
    # In numbers of its own, which are within 16 bits where they are whole.
    encoding = None if case["whole_numbers"] is None else "levels16"
    values = np.where(valid, numbers, 0).astype(np.float32)
    return DepthMap(values, valid, kind=case["kind"], encoding=encoding)


def _options_of(case) -> dict[str, object]:
    height, width = case["size"]
    factor = case["factor"]
    size = {"size": {"height": height, "width": width}} if factor is None else {"scale": factor}
    return {**size, "phase": case["phase"]}


def test_the_engine_passes_every_test_vector_of_its_network(engine, tmp_path) -> None:
    jobs = [
        job_of(tmp_path, case["name"], _map_of(case), options=_options_of(case)) for case in CASES
    ]
    engine.run(tmp_path, upscale=jobs)
    for case in CASES:
        expected = np.load(VECTORS / case["output"])
        values, valid = output(tmp_path, case["name"], expected.shape)
        assert np.array_equal(valid, np.isfinite(expected)), case["name"]
        apart = np.abs(values.astype(np.float64) - expected)[valid]
        assert apart.max() <= case["tolerance"], case["name"]
