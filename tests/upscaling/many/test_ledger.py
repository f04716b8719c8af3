from __future__ import annotations

import pyarrow as pa
import pytest
from pyarrow import parquet

from dsdmsr.errors import ConfigError, FileError
from dsdmsr.upscaling.many import ledger as module
from dsdmsr.upscaling.many.ledger import COLUMNS, Ledger
from dsdmsr.upscaling.many.storage import place_of


def row(source: str, error: str | None = None) -> dict[str, object]:
    return {**dict.fromkeys(COLUMNS), "source": source, "error": error}


@pytest.mark.parametrize("where", ["disk", "memory"])
def test_what_failed_is_not_done_and_parts_go_on(tmp_path, where):
    place = place_of(str(tmp_path / "ledger") if where == "disk" else "memory://run/ledger")
    first = Ledger(place, {"scale": 2})
    with pytest.raises(FileError, match="has no ledger to go on from: leave --resume out"):
        first.resume()
    first.write()
    for name, error in (("a", None), ("b", "is damaged"), ("c", None)):
        first.add(row(name, error))
    first.write()
    again = Ledger(place, {"scale": 2})
    assert again.resume() == {"a", "c"}
    again.add(row("b"))
    again.write()
    assert Ledger(place, {"scale": 2}).resume() == {"a", "b", "c"}
    assert [part.path[-11:] for part in again.parts()] == [f"{k:03d}.parquet" for k in range(3)]
    with pytest.raises(ConfigError, match="was begun with other options: give the same"):
        Ledger(place, {"scale": 4}).resume()
    again.remove()
    assert again.parts() == []


def test_parts_come_further_and_further_apart(tmp_path, monkeypatch):
    now = 0.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    ledger = Ledger(place_of(str(tmp_path)), {})
    counts = {}
    for second in range(600):
        now = second + 0.5
        ledger.add(row(str(second)))
        if second in (99, 299, 599):
            counts[second] = len(ledger.parts())
    assert counts[99] in (98, 99, 100)
    assert 60 < counts[599] - counts[299] < 80  # 100 ln 2


def test_a_part_is_whole_or_not_there(tmp_path, monkeypatch):
    ledger = Ledger(place_of(str(tmp_path)), {})
    ledger.write()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", full)
    ledger.add(row("a"))
    with pytest.raises(FileError, match=r"part-000001.parquet cannot be written: No space left"):
        ledger.write()
    assert [path.name for path in tmp_path.iterdir()] == ["part-000000.parquet"]


def test_a_ledger_that_was_edited_is_refused_in_one_line(tmp_path):
    ledger = Ledger(place_of(str(tmp_path)), {"scale": 2})
    ledger.add(row("a"))
    ledger.write()
    (part,) = tmp_path.glob("*.parquet")
    names = pa.array([b"\xff"], pa.binary()).cast(pa.string(), safe=False)
    table = pa.table({"source": names, "error": pa.array([None], pa.string())})
    options = {b"dsdmsr.options": b'{"scale": 2}'}
    parquet.write_table(table.replace_schema_metadata(options), part)
    with pytest.raises(FileError, match=r"^.+part-000000\.parquet cannot be read: .+$"):
        ledger.resume()
    parquet.write_table(table.replace_schema_metadata({b"dsdmsr.options": b"\xff"}), part)
    with pytest.raises((ConfigError, FileError)):
        ledger.resume()


def test_other_files_in_its_folder_are_left_aside(tmp_path):
    ledger = Ledger(place_of(str(tmp_path)), {"scale": 2})
    ledger.add(row("a"))
    ledger.write()
    (tmp_path / "part-copy.parquet").write_bytes(b"")
    assert Ledger(place_of(str(tmp_path)), {"scale": 2}).resume() == {"a"}
