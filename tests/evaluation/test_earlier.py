from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

import dsdmsr
from dsdmsr.errors import ConfigError, FileError
from dsdmsr.evaluation.latex import latex
from dsdmsr.evaluation.options import EvaluateOptions
from dsdmsr.evaluation.report import markdown


@pytest.fixture
def options(tmp_path, rng):
    np.save(tmp_path / "map.npy", rng.uniform(1, 2, (32, 32)))
    return EvaluateOptions(
        protocol=("a",),
        maps=(str(tmp_path / "map.npy"),),
        encoding="metres",
        model=("dsdmsr-fast",),
        baselines=("nearest", "bicubic"),
        scales=(2, 4),
        device="cpu",
    )


def rows(text, method):
    return [line for line in text.splitlines() if f"| {method} |" in line]


def test_earlier_results_stand_beside_those_of_the_run(options, tmp_path):
    before = dsdmsr.evaluate(options)
    before.write(tmp_path / "then.json")
    now = dataclasses.replace(
        options, baselines=("bicubic",), with_results=(tmp_path / "then.json",)
    )
    results = dsdmsr.evaluate(now)
    text = markdown(results)
    (nearest,) = rows(text, "nearest")
    assert f"then.json, {before.date[:10]}" in nearest
    of_file = next(m for m in before.protocols[0].means if (m.method, m.scale) == ("nearest", 2))
    assert f"{of_file.metrics['rmse']:.3f}" in nearest
    again, first = rows(text, "bicubic (then)"), rows(text, "bicubic")
    assert len(again) == 1
    assert again[0].split("|")[5:] == first[0].split("|")[5:]
    assert rows(markdown(before), "nearest")
    table = latex(results)
    assert "nearest" in table
    assert "bicubic (then)" in table


def test_results_that_do_not_fit_are_refused(options, tmp_path, rng):
    dsdmsr.evaluate(options).write(tmp_path / "then.json")
    now = dataclasses.replace(options, with_results=(tmp_path / "then.json",))
    with pytest.raises(ConfigError, match=r"has no protocol \(interval\)"):
        dsdmsr.evaluate(dataclasses.replace(now, protocol=("interval",)))
    np.save(tmp_path / "other.npy", rng.uniform(1, 2, (32, 32)))
    with pytest.raises(ConfigError, match="other of set own is not in"):
        dsdmsr.evaluate(dataclasses.replace(now, maps=(*now.maps, str(tmp_path / "other.npy"))))
    plain = json.loads((tmp_path / "then.json").read_text())
    plain["protocols"][0]["dropped"] = 0
    (tmp_path / "then.json").write_text(json.dumps(plain))
    with pytest.raises(ConfigError, match="with dropped 0, not 1"):
        dsdmsr.evaluate(now)
    with pytest.raises(FileError, match="cannot be read as results"):
        dsdmsr.evaluate(dataclasses.replace(now, with_results=(tmp_path / "none.json",)))
