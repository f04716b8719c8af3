from __future__ import annotations

import json
from pathlib import Path

import pytest

from dsdmsr.errors import ConfigError, FileError
from dsdmsr.evaluation.results import Results

COMMITTED = Path(__file__).parents[2] / "benchmarks" / "results"


@pytest.mark.parametrize("name", ["accuracy", "robust", "references"])
def test_committed_results_are_read_and_written_back_byte_for_byte(tmp_path, name):
    results = Results.read(COMMITTED / f"{name}.json")
    results.write(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == (COMMITTED / f"{name}.json").read_bytes()
    assert Results.read(tmp_path / "again.json") == results


def test_results_are_typed():
    results = Results.read(COMMITTED / "accuracy.json")
    protocol = results.protocols[0]
    assert protocol.letter == "a"
    assert protocol.sets[0].unit == "grey levels 0-255"
    mean = next(m for m in protocol.means if (m.method, m.scale) == ("dsdmsr-base", 4))
    assert mean.metrics["rmse"] is not None
    assert mean.left is not None
    assert mean.left[0] == 1
    assert "weights" in results.measured_with


def test_other_files_are_refused_by_name(tmp_path):
    path = tmp_path / "r.json"
    with pytest.raises(FileError, match=r"r\.json cannot be read as results"):
        Results.read(path)
    path.write_text("{}")
    with pytest.raises(FileError, match="no results file of schema 3"):
        Results.read(path)
    plain = json.loads((COMMITTED / "references.json").read_text())
    plain["protocols"][0]["scores"][0]["rmsd"] = 1.0
    with pytest.raises(ConfigError, match="unknown key 'rmsd'"):
        Results.from_plain(plain)
    del plain["protocols"][0]["scores"][0]["rmsd"], plain["commit"]
    with pytest.raises(ConfigError, match="commit"):
        Results.from_plain(plain)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[" * 100_000, "recursion"),
        ('{"schema": 3, "protocols": 1.5}', r"protocols is 1\.5"),
        ('{"schema": 3, "protocols": [{"scores": 7}]}', r"protocols\[0\]\.scores is 7"),
    ],
)
def test_edited_results_are_refused_in_one_line(tmp_path, text, says):
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(FileError, match=says) as error:
        Results.read(path)
    assert "\n" not in str(error.value)
