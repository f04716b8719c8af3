"""The test vectors, read as a port reads them."""

from __future__ import annotations

import dataclasses
import json
import re
from itertools import product
from typing import Any, get_args

import numpy as np
import pytest

from benchmarks.common.options import ROOT
from dsdmsr import DepthMap, Upscaler
from dsdmsr.depth.cameras import Intrinsics
from dsdmsr.depth.holes import enlarge_valid
from dsdmsr.depth.normalise import normalise
from dsdmsr.depth.phase import Phase
from dsdmsr.io.codec import encode
from dsdmsr.io.encodings import find_encoding
from dsdmsr.upscaling.backends import BackendName
from dsdmsr.upscaling.upscaler import predict_everywhere
from dsdmsr.zoo.graphs import CONTRACT, Graphs
from tools.vectors.cases import CAMERA, cases
from tools.vectors.write import FOLDER, MANIFEST, entry, input_numbers, manifest

VECTORS = json.loads((FOLDER / MANIFEST).read_text(encoding="utf-8"))
CASES = {case["name"]: case for case in VECTORS["cases"]}


def load(case: dict[str, Any], part: str) -> np.ndarray:
    numbers: np.ndarray = np.load(FOLDER / case[part])
    return numbers


def read(case: dict[str, Any]) -> DepthMap:
    numbers = load(case, "input")
    camera = Intrinsics(**dict(zip(("fx", "fy", "cx", "cy"), VECTORS["camera"], strict=True)))
    if case["whole_numbers"] is None:
        return DepthMap(numbers, ~np.isnan(numbers), kind=case["kind"], intrinsics=camera)
    return DepthMap(numbers / 1000, numbers > 0, unit="m", encoding="mm", intrinsics=camera)


def enlarged(case: dict[str, Any], backend: BackendName) -> DepthMap:
    upscaler = Upscaler.from_pretrained(
        case["weights"],
        scale=case["factor"],
        size=None if case["factor"] else tuple(case["size"]),
        phase=case["phase"],
        degradation="unknown",
        backend=backend,
        device="cpu",
    )
    return upscaler(read(case))


@pytest.mark.parametrize("backend", ["onnx", "torch"])
@pytest.mark.parametrize("name", CASES)
def test_python_gives_the_vectors(name, backend):
    case = CASES[name]
    result, expected = enlarged(case, backend), load(case, "output")
    per_unit = find_encoding("mm").per_unit if case["whole_numbers"] else 1
    np.testing.assert_array_equal(result.valid, ~np.isnan(expected))
    off = np.abs(result.values * np.float64(per_unit) - expected)[result.valid].max()
    # Numbers of 16 bits are float32 metres on the way.
    assert off <= case["tolerance"] + 65535 * np.finfo(np.float32).eps * (per_unit != 1)
    assert list(result.shape) == case["size"]
    camera = result.intrinsics
    assert [camera.fx, camera.fy, camera.cx, camera.cy] == pytest.approx(case["camera"])


def test_files_of_whole_numbers_are_within_half_a_number():
    for case in CASES.values():
        if case["whole_numbers"]:
            least, greatest = case["whole_numbers"]
            result, expected = enlarged(case, "onnx"), load(case, "output")
            whole, valid = encode(result, "mm", whole=True), ~np.isnan(expected)
            np.testing.assert_array_equal(whole[~valid], case["hole"])
            assert least <= whole[valid].min() <= whole[valid].max() <= greatest
            off = np.abs(whole[valid] - expected[valid].astype(np.float64))
            assert 0.4 < off.max() <= 0.5 + case["tolerance"]


def test_the_vectors_are_of_the_packaged_weights():
    assert VECTORS["contract"] == CONTRACT
    assert VECTORS["command"] == "python -m tools vectors"
    assert manifest(VECTORS["cases"]) == VECTORS, f"run {VECTORS['command']}"
    assert VECTORS["camera"] == [CAMERA.fx, CAMERA.fy, CAMERA.cx, CAMERA.cy]


def test_the_vectors_are_those_of_the_cases():
    named = {name for case in CASES.values() for name in (case["input"], case["output"])}
    assert {file.name for file in FOLDER.iterdir()} == named | {MANIFEST}
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 300_000
    assert [case.name for case in cases()] == list(CASES)
    for case in cases():
        about = CASES[case.name]
        np.testing.assert_array_equal(input_numbers(case.depth), load(about, "input"))
        assert entry(case, read_result(about)) == about


def read_result(case: dict[str, Any]) -> DepthMap:
    """Return a map of a result's size and camera."""
    fx, fy, cx, cy = case["camera"]
    camera = Intrinsics(fx=fx, fy=fy, cx=cx, cy=cy)
    return DepthMap(np.ones(case["size"]), intrinsics=camera)


@pytest.mark.parametrize("name", CASES)
def test_only_wide_ranges_need_the_scale_for_them(name):
    depth = read(CASES[name])
    found = normalise(depth.values, depth.valid, 0, rescale=True)
    wide = found.scale is not None or (found.lone is not None and found.lone.any())
    assert wide == (name in ("background", "crowd", "lone"))


def test_results_are_clipped_in_every_way():
    """A tenth of the range beyond, half of the least value, 0, and the ends of 16 bits."""
    beyond = read(CASES["x8"]).values
    most = beyond.max() + 0.1 * np.ptp(beyond)
    ends = {"x8": most, "extremes": 65535, "near_zero": 0.005, "flat_end": 0}
    for name, end in ends.items():
        assert (np.abs(load(CASES[name], "output") - end) < 1e-6).sum() > 10
    assert load(CASES["extremes"], "output").min() == 1
    signs = load(CASES["negative"], "input")
    assert signs.min() < 0 < signs.max()


def names_in(text: str) -> set[str]:
    """Return the words of code in the first column of a page's tables."""
    cells = re.findall(r"^\| (`[^|]*) \|", text, flags=re.MULTILINE)
    return set(re.findall(r"`(\w+)`", " ".join(cells)))


def test_the_contract_names_what_there_is():
    page = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    _, files, steps = re.split(r"^## (?:Files|Steps)$", page, flags=re.MULTILINE)
    graphs = {field.name for field in dataclasses.fields(Graphs)}
    whole = {"contract", "dsdmsr", "scale", "border", "checksum"}
    assert names_in(files) == graphs | whole
    manifests = page.partition("## Test vectors")[2]
    keys = set(VECTORS).union(*CASES.values()) - {"command"}
    assert names_in(manifests) == keys
    assert names_in(steps) == keys | set(get_args(Phase))
    for path in (ROOT / "docs" / "contract.md", *(ROOT / "examples").glob("*/README.md")):
        for link in re.findall(r"\]\(((?!http|#)[^)]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / link.partition("#")[0]).exists(), link


def place(row: int, rows: int, pixels: int, scale: int, phase: Phase) -> float:
    """Return where a row has its centre, as docs/contract.md says."""
    if phase == "corner":
        at = row * pixels * scale / rows + scale / 2
    elif phase == "aligned":
        at = row * scale * (pixels - 1) / (rows - 1) + scale / 2
    else:
        at = (2 * row + 1) * pixels * scale / (2 * rows)
    return min(at, pixels * scale - 0.5)


def slope(values: np.ndarray, k: int) -> float:
    """Return the smaller one of two differences, 0 at the ends and where their signs differ."""
    if k in (0, len(values) - 1):
        return 0.0
    back, ahead = np.diff(values[k - 1 : k + 2])
    return float(min(back, ahead, key=abs)) if back * ahead > 0 else 0.0


@pytest.mark.parametrize("name", ["corner", "aligned", "size"])
def test_sizes_and_phases_come_about_as_the_contract_says(name):
    case, depth = CASES[name], read(CASES[name])
    (height, width), (rows, columns) = depth.shape, case["size"]
    scale = min(s for s in (2, 4, 8, 16) if s * height >= rows and s * width >= columns)
    upscaler = Upscaler.from_pretrained(case["weights"], scale=scale, device="cpu")
    values = predict_everywhere(upscaler, depth)[0].astype(np.float64)
    valid, result = enlarge_valid(depth.valid, scale), np.full((rows, columns), np.nan)
    for i, j in np.ndindex(rows, columns):
        y = place(i, rows, height, scale, case["phase"])
        x = place(j, columns, width, scale, case["phase"])
        pixels = list(product({int(y), -int(-y // 1) - 1}, {int(x), -int(-x // 1) - 1}))
        if all(valid[pixel] for pixel in pixels):
            result[i, j] = min(
                values[k, m]
                + (y - k - 0.5) * slope(values[:, m], k)
                + (x - m - 0.5) * slope(values[k], m)
                for k, m in pixels
            )
    expected = load(case, "output")
    np.testing.assert_array_equal(np.isnan(result), np.isnan(expected))
    assert np.nanmax(np.abs(result - expected)) <= case["tolerance"]
