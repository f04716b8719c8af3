"""Golden outputs: what the package gives is what it gave when golden.json was written.

Ray-cast scenes and prepared files are the same to the last bit, painted scenes to 1e-5 of their
range, network outputs to 1e-4 of it, and losses to a thousandth, so that other processors pass,
too. `record.py` compares all outputs in full, on one machine.
"""

from __future__ import annotations

import functools
import json
import os
from typing import Any

import numpy as np
import pytest
import record
from outputs import Output, compare_folders, digest, digest_differences, write_output

OF_RANGE, OF_SCENE, OF_LOSS, OF_FIGURE = 1e-4, 1e-5, 1e-3, 2e-3
"""How far outputs may be off: in parts of a map's range, of a loss, and of a metric."""
ROUNDING = 3e-4
"""How far a metric may be off at least: results files round to four digits."""
QUICK = (
    *(f"upscale/{name}-x{scale}" for name in ("base", "robust-bicubic") for scale in (2, 4, 8)),
    *(f"upscale/{name}-x4" for name in ("base-bicubic", "fast", "robust", "srcnn", "vdsr")),
    "upscale/fast-x16",
    *(
        f"upscale/base-{option}"
        for option in ("refine", "sharp", "size", "to-disparity", "confidence", "fill", "temporal")
    ),
    *(f"scenes/{kind}" for kind in record.SCENES),
    "examples/base-errors",
    "examples/robust",
    "train/smoke",
    "train/fast-on",
    "train/base-errors",
    "train/srcnn-x8",
    "prepare/dtu",
    "evaluate/blind",
)
"""What is compared by default; with DSDMSR_GOLDEN set, everything is."""


@functools.cache
def golden() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(record.COMMITTED.read_text(encoding="utf-8"))
    return content


def test_every_case_is_committed():
    assert sorted(golden()) == sorted(record.cases())
    assert set(QUICK) <= set(record.cases())


@pytest.mark.parametrize("name", record.cases() if "DSDMSR_GOLDEN" in os.environ else QUICK)
def test_outputs_are_those_of_before(name):
    found, expected = record.committed(name), golden()[name]
    assert sorted(found) == sorted(expected)
    room = name.partition("/")[0]
    relative = {"scenes": OF_SCENE, "train": OF_LOSS, "evaluate": OF_FIGURE}.get(room, OF_RANGE)
    absolute = {"train": OF_LOSS, "evaluate": ROUNDING}.get(room, 0.0)
    lines = [
        f"{output}: {line}"
        for output in expected
        for line in digest_differences(
            found[output], expected[output], relative=relative, absolute=absolute
        )
    ]
    assert not lines, "\n".join(lines)


@pytest.mark.parametrize(
    ("changed", "of_range"),
    [
        (np.float32([[0, 1, 2], [3, 5, np.nan]]), None),
        (np.float32([[0, 1, 2], [3, 5.002, np.nan]]), 5e-4),
        (np.float32([[0, 1, 2], [3, 5, 4]]), 0.0),
        (np.float32([[9, 1, 2], [3, 5, np.nan]]), 2.25),
        (np.float32([[0, 1, 2]]), None),
        (b"bytes", None),
        ({"step 0": 1.0}, None),
    ],
)
def test_a_difference_is_found(tmp_path, changed: Output, of_range):
    was = np.float32([[0, 1, 2], [3, 5, np.nan]])
    write_output(tmp_path / "one" / "map", was)
    write_output(tmp_path / "other" / "map", changed)
    lines = compare_folders(tmp_path / "one", tmp_path / "other", 1e-6)
    same = isinstance(changed, np.ndarray) and changed.tobytes() == was.tobytes()
    assert bool(lines) != same
    if of_range is not None:
        assert f"{of_range:.3g} of the range" in lines[0]


def test_a_digest_tells_maps_apart_by_more_than_the_tolerance():
    depth = np.random.default_rng(0).uniform(1, 2, (24, 32)).astype(np.float32)
    expected = digest(depth, exact=False)

    def differ(other: np.ndarray) -> bool:
        found = digest(other, exact=False)
        return bool(digest_differences(found, expected, relative=OF_RANGE, absolute=0.0))

    assert not differ(depth)
    assert not differ(depth + np.float32(5e-5))
    assert differ(depth + np.float32(2e-4))
    assert differ(depth[:, ::-1])
    assert differ(np.where(depth > 1.99, 0, depth))
    assert differ(depth[:12])
