from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from testing.command import run

from benchmarks.common.many_maps import make_maps
from dsdmsr import DepthMap, write_depth
from dsdmsr.upscaling.many.sources import Source, find_sources
from dsdmsr.upscaling.many.worker import Worker
from dsdmsr.upscaling.options import UpscaleOptions
from tools.source_files.recordings import image, record

fsspec = pytest.importorskip("fsspec")
OPTIONS = UpscaleOptions(scale=2, model="dsdmsr-fast")
SHAPE = (12, 16)


@pytest.fixture
def maps(tmp_path) -> Path:
    return make_maps(tmp_path / "maps", 2, SHAPE)


def rows(worker: Worker, table, sources: list[Source]) -> list[dict[str, object]]:
    return worker(table(sources)).to_pylist()


def plain(capsys, maps: Path, out: Path, *more: object) -> dict[str, bytes]:
    """What `dsdmsr upscale` writes for a folder."""
    command = ("upscale", maps, "-o", out, "--recursive", "--scale", 2, "--model", "dsdmsr-fast")
    assert run(capsys, *command, *more)[0] == 0
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files(out)}


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_elsewhere_becomes_the_same_bytes(capsys, tmp_path, maps, table):
    frames = [image(np.full(SHAPE, 1000 + 50 * k, np.uint16), "16UC1") for k in range(3)]
    record(maps, "bag1", {"/depth": frames})
    # Middlebury's calib.txt says what the numbers are.
    write_depth(maps / "pair" / "disp.pfm", DepthMap(np.full(SHAPE, 9.0), kind="disparity"))
    calib = "cam0=[700 0 8; 0 700 6; 0 0 1]\ncam1=[700 0 8; 0 700 6; 0 0 1]\ndoffs=2\n"
    calib += "baseline=100\nwidth=16\nheight=12\n"
    (maps / "pair" / "calib.txt").write_text(calib)
    system = fsspec.filesystem("memory")
    system.put(str(maps), "/elsewhere/maps", recursive=True)
    options = UpscaleOptions(
        **{"scale": 2, "model": "dsdmsr-fast", "confidence": Path("memory://errors/run")}
    )
    worker = Worker("memory://results/run", options)
    found = rows(worker, table, list(find_sources("memory://elsewhere/maps", None)))
    assert [row["error"] for row in found] == [None] * 6
    errors = tmp_path / "errors"
    expected = plain(capsys, maps, tmp_path / "plain", "--confidence", errors)
    written = {row["target"].partition("/run/")[2]: system.cat(row["target"]) for row in found}
    assert written == expected
    assert sorted(system.find("/errors")) == [
        f"/errors/run/{path.relative_to(errors).as_posix()}" for path in sorted(files(errors))
    ]
    assert {(row["height"], row["width"], row["model"]) for row in found} == {
        (24, 32, "dsdmsr-fast")
    }
    said = [line for row in found for line in row["remarks"]]
    assert len(said) == len(set(said)) > 0


def test_one_maps_fault_is_said_and_the_others_go_on(tmp_path, maps, table):
    (maps / "scan0" / "depth00000.png").write_bytes(b"damaged")
    sources = list(find_sources(str(maps), None))
    sources.append(Source("memory://none/a.png", None, 0, 0, "a.png"))
    worker = Worker(str(tmp_path / "out"), OPTIONS)
    damaged, whole, missing = rows(worker, table, sources)
    assert "depth00000.png is not a PNG" in damaged["error"]
    assert (damaged["stop"], damaged["sha256"]) == (False, None)
    assert whole["error"] is None
    assert missing["error"] == "memory://none/a.png does not exist"
    assert not missing["stop"]
    assert [path.name for path in files(tmp_path / "out")] == ["depth00001.png"]


def test_storage_that_takes_nothing_ends_all(tmp_path, maps, table, monkeypatch):
    sources = list(find_sources(str(maps), None))
    worker = Worker(str(tmp_path / "out"), OPTIONS)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    found = rows(worker, table, sources)
    assert {row["stop"] for row in found} == {True}
    assert "cannot be written: No space left on device" in found[0]["error"]
    assert files(tmp_path / "out") == []
    monkeypatch.undo()

    def refused(*_: object, **__: object) -> None:
        raise PermissionError("Access Denied")

    monkeypatch.setattr("fsspec.implementations.memory.MemoryFileSystem.put", refused)
    (row, _) = rows(Worker("memory://closed", OPTIONS), table, sources)
    assert row["stop"]
    assert row["error"].endswith("cannot be written: Access Denied")
