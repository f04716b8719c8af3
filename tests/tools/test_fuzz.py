"""The fuzzing: its changes, what it takes for a fault, and some hundred executions."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsdmsr.errors import FileError
from dsdmsr.io.png import pack_png
from tools.fuzz import worker
from tools.fuzz.formats import CHANGES, change
from tools.fuzz.subjects import SUBJECTS, Subject

QUICK = ("png", "pgm", "pfm", "npy", "npz", "dpt", "bin", "dmap", "calib", "rvl", "manifest")


@pytest.fixture(scope="module", params=QUICK)
def reader(request, tmp_path_factory) -> tuple[str, list[worker.Files], Path]:
    folder = tmp_path_factory.mktemp(request.param)
    for name in ("seeds", "files"):
        (folder / name).mkdir()
    SUBJECTS[request.param].write(folder / "seeds")
    return request.param, worker.seeds_in(folder / "seeds"), folder / "files"


def test_files_to_begin_with_are_read(reader):
    name, seeds, folder = reader
    outcomes = [
        worker.execute(name, worker.write_files(folder, seed), Random(k))
        for seed in seeds
        for k in range(5)
    ]
    # Random numbers may ask for another encoding, or another map.
    assert {outcome for outcome, _ in outcomes} <= {"read", "refused"}
    assert ("read", "") in outcomes


@settings(
    max_examples=25,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[*HealthCheck],
)
@given(st.randoms(use_true_random=False))
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::SyntaxWarning")
def test_what_is_changed_is_read_or_refused_in_one_line(reader, rng):
    name, seeds, folder = reader
    path = worker.write_files(folder, worker.changed_files(rng, seeds))
    outcome, text = worker.execute(name, path, rng)
    assert outcome in ("read", "refused"), text


@pytest.mark.parametrize("error", [TypeError("x"), FileError(1000 * "long "), AssertionError("y")])
def test_what_is_no_refusal_in_one_line_is_a_fault(tmp_path, monkeypatch, error):
    def read(path: Path, rng: Random) -> None:
        raise error

    monkeypatch.setitem(SUBJECTS, "png", Subject(lambda _: None, read))
    outcome, _ = worker.execute("png", worker.write_files(tmp_path, {"a.png": b""}), Random(0))
    assert outcome in ("another error", "more than a line", "not what was promised")


def test_changes_are_functions_of_the_random_numbers_and_change_something():
    for ending in CHANGES:
        content = b"Pf\n3 2\n-1.0\n" + bytes(range(64))
        first, second = (change(Random(5), f"a.{ending}", content) for _ in range(2))
        assert first == second
        assert any(change(Random(k), f"a.{ending}", content) != content for k in range(20))


def test_chunks_of_a_png_that_is_changed_have_the_right_checksums():
    (by_format,) = CHANGES["png"]
    content = pack_png(np.arange(12, dtype=np.uint16).reshape(3, 4))
    for k in range(50):
        made, at = by_format(Random(k), content), 8
        while at < len(made):
            (length,) = struct.unpack_from(">I", made, at)
            body = made[at + 4 : at + 8 + length]
            assert struct.unpack_from(">I", made, at + 8 + length) == (zlib.crc32(body),)
            at += 12 + length


@pytest.mark.timeout(10)
def test_the_change_of_an_exr_whose_attribute_leads_back_ends():
    (by_format,) = CHANGES["exr"]
    content = bytes(8) + b"a\0b\0" + struct.pack("<i", -8) + bytes(8)
    assert {type(by_format(Random(k), content)) for k in range(5)} == {bytes}
