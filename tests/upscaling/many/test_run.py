from __future__ import annotations

import os
import random
import re
import socket
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from testing.command import refused, run, run_apart

from benchmarks.common.many_maps import check_ledger, ledger_rows, make_maps
from benchmarks.common.ray_nodes import started
from benchmarks.speed.many_kills import KINDS, kill

UPSCALING = ("--scale", 2, "--model", "dsdmsr-fast")
SHAPE = (8, 10)
KILLS = int(os.environ.get("DSDMSR_KILLS", "0"))


@pytest.fixture
def maps(tmp_path) -> Path:
    return make_maps(tmp_path / "maps", 40, SHAPE)


def outputs(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in found
        if "_ledger" not in path.parts
    }


@pytest.mark.slow
def test_a_cluster_writes_the_same_bytes_once_and_goes_on_with_what_failed(
    capsys, tmp_path, maps, nodes
):
    with tarfile.open(maps / "train-0.tar", "w") as tar:
        tar.add(maps / "scan0" / "depth00000.png", "000.png")
    command = ("upscale", maps, "-o", tmp_path / "plain", "--recursive", *UPSCALING)
    assert run(capsys, *command)[0] == 0
    expected = outputs(tmp_path / "plain")
    expected["train-0/000.png"] = expected["scan0/depth00000.png"]
    damaged = maps / "scan3" / "depth00003.png"
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-40])

    out = tmp_path / "out"
    many = ("upscale-many", maps, out, "--address", nodes.address, *UPSCALING)
    code, said, err = run(capsys, *many)
    assert (code, said) == (1, f"wrote 40 maps to {out}\n"), err
    assert f"failed: {damaged}" in err
    assert err.count("read as mm") == 1
    reasons = [row for row in ledger_rows(out / "_ledger") if row["error"]]
    assert [row["source"] for row in reasons] == [str(damaged)]
    assert "scan3/depth00003.png" in expected.keys() - outputs(out).keys()

    damaged.write_bytes(whole)
    assert "is not empty: --resume goes on with its ledger" in refused(capsys, *many)
    code, said, err = run(capsys, *many, "--resume")
    assert (code, said) == (0, f"wrote 1 maps to {out}; 40 existed\n"), err
    assert outputs(out) == expected
    (maps / "train-0.tar").unlink()
    rows = [row for row in ledger_rows(out / "_ledger") if row["error"] is None]
    assert len(rows) == len({row["source"] for row in rows}) == 41


@pytest.mark.slow
@pytest.mark.usefixtures("object_storage")
def test_a_local_ray_works_between_buckets_and_is_silent(capsys, tmp_path, maps):
    import s3fs

    system = s3fs.S3FileSystem()
    system.put(str(maps), "bucket/maps", recursive=True)
    places = ("s3://bucket/maps/scan1/*", "s3://bucket/out", "--workers", 1)
    # Ray's settings stay in a process that has started one, where other tests join a cluster.
    code, out, err = run_apart(
        "upscale-many", *places, *UPSCALING, "--confidence", "s3://bucket/errors"
    )
    assert (code, out) == (0, "wrote 5 maps to s3://bucket/out\n"), err
    # Progress is said where it takes longer.
    said = ("%", "maps so far")
    lines = [line for line in err.splitlines() if not any(each in line for each in said)]
    assert lines[0] == "starting Ray and the first network, which takes some seconds"
    assert all(line.startswith("s3://bucket/maps/scan1/depth") for line in lines[1:]), err
    assert len(system.glob("bucket/errors/*.npy")) == 5
    assert len(system.glob("bucket/out/_ledger/part-*.parquet")) >= 2
    command = ("upscale", maps / "scan1", "-o", tmp_path / "plain", *UPSCALING)
    assert run(capsys, *command)[0] == 0
    system.get("bucket/out/", str(tmp_path / "got"), recursive=True)
    assert outputs(tmp_path / "got") == outputs(tmp_path / "plain")


@pytest.mark.slow
def test_whatever_is_killed_each_map_is_there_once(tmp_path, nodes):
    """One kind each time; all kinds, as often as DSDMSR_KILLS says, where it is given."""
    choose = random.Random()
    source = make_maps(tmp_path / "maps", 300, SHAPE)
    for number in range(KILLS):
        for kind in KINDS:
            kill(kind, nodes, source, tmp_path / f"{kind}{number}", choose, 3.0)
    if not KILLS:
        kill("command", nodes, source, tmp_path / "command", choose, 1.0)


@pytest.mark.slow
def test_nodes_join_and_leave_while_it_runs(tmp_path, nodes):
    source, target = make_maps(tmp_path / "maps", 300, SHAPE), tmp_path / "out"
    log = tmp_path / "log"
    given = ("--address", nodes.address, *map(str, UPSCALING))
    with started(source, target, *given, log=log) as process:
        nodes.kill_worker(random.Random())
        nodes.add()
        nodes.remove(kill=True)
        nodes.add()
        nodes.remove(kill=False)
    assert process.returncode == 0, log.read_text()
    check_ledger(source, target)


def test_what_cannot_be_is_refused_before_any_work(capsys, tmp_path, maps):
    command = ("upscale-many", maps, tmp_path / "out")
    assert "give a scale or a size" in refused(capsys, *command)
    assert "--temporal needs" in refused(capsys, *command, *UPSCALING, "--temporal")
    assert "--preview shows" in refused(capsys, *command, *UPSCALING, "--preview", "a.png")
    assert "workers is 0" in refused(capsys, *command, *UPSCALING, "--workers", 0)
    assert "gpus is 1.5" in refused(capsys, *command, *UPSCALING, "--gpus", 1.5)
    assert "format is 'pong' (did you" in refused(capsys, *command, *UPSCALING, "--format", "pong")
    assert "give HOST:PORT" in refused(capsys, *command, *UPSCALING, "--address", "host")
    assert "does not exist" in refused(
        capsys, *command[:1], tmp_path / "no", *command[2:], *UPSCALING
    )
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").touch()
    unwritable = refused(capsys, *command[:2], tmp_path / "file" / "out", *UPSCALING)
    assert "part-000000.parquet cannot be written: Not a directory" in unwritable


def test_a_wrong_address_is_one_line(capsys, tmp_path, maps):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        command = ("upscale-many", maps, tmp_path / "out", *UPSCALING, "--address", address)
    assert f"there is no cluster at {address}: Connection refused" in refused(capsys, *command)
    assert not (tmp_path / "out").exists()


def test_a_bucket_that_is_not_there_is_one_line(
    capsys, tmp_path, maps, object_storage, monkeypatch
):
    command = ("upscale-many", maps, "s3://nobody/out", *UPSCALING)
    assert "s3://nobody/out" in refused(capsys, *command)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    assert "s3://bucket/maps cannot be read" in refused(
        capsys, "upscale-many", "s3://bucket/maps", tmp_path / "out", *UPSCALING
    )
    s3fs.S3FileSystem.clear_instance_cache()
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_maps_with_one_output_are_named(tmp_path, maps):
    (maps / "scan0" / "depth00000.pgm").write_bytes(b"")
    command = ("upscale-many", maps, tmp_path / "out", *UPSCALING, "--workers", 1)
    code, _, err = run_apart(*command, "--format", "npy")
    assert code == 2
    said = r"dsdmsr: .*pgm and .*png would both become scan0/depth00000.npy: upscale them to"
    assert re.search(said, err)


_STOPPED = """
import os
import signal
import sys

from dsdmsr._ray import joined

def stop(number, _frame):
    sys.exit(128 + number)

signal.signal(signal.SIGTERM, stop)
with joined(None, 1):
    assert signal.getsignal(signal.SIGTERM) is stop
    os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.slow
def test_sigterm_means_what_it_means_without_ray():
    done = subprocess.run([sys.executable, "-c", _STOPPED], capture_output=True, timeout=300)
    assert done.returncode == 143, done.stderr.decode()
