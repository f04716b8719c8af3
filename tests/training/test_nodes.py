"""The examples of training on several machines, on addresses of this one."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import torch
import yaml

from dsdmsr.training.recipe_files import load_recipe, recipe_to_dict
from dsdmsr.training.run_folder import step_of

EXAMPLES = Path(__file__).parents[2] / "examples"
SRUN = """#!/usr/bin/env bash
# Start all tasks of a job here, as SLURM does on its machines.
export SLURM_JOB_NAME=train SLURM_NTASKS=2 SLURM_NODELIST=127.0.0.1
for k in 0 1; do
    SLURM_PROCID=$k SLURM_LOCALID=0 SLURM_NODEID=$k "$@" &
done
wait -n && wait -n
"""


@pytest.fixture
def recipe(tmp_path, shards) -> Path:
    """A recipe that learns from shards."""
    values = recipe_to_dict(load_recipe("smoke"))
    values |= {
        "crops": [{"scale": 2, "crop": 32, "batch": 4, "share": 1.0}],
        "maps": [{"source": "shards", "folder": str(shards)}],
        **{"steps": 8, "validate_every": 4, "validation_maps": 2, "panels": 0},
        **{"optimizer": "sgd", "learning_rate": 0.02, "loss": "mse"},
    }
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def nodes(
    command: list[str], count: int, log: Path, **environ: str
) -> Iterator[list[subprocess.Popen]]:
    """Start a command as often as there are machines; none outlives the block."""
    here = {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    with log.open("ab") as out:
        started = [
            subprocess.Popen(
                command,
                env={**os.environ, **here, **environ},
                stdout=out,
                stderr=out,
            )
            for _ in range(count)
        ]
    try:
        yield started
    finally:
        for process in started:
            kill(process)


def kill(node: subprocess.Popen) -> None:
    """Have a machine be gone, with all its processes; torchrun gives each a session of its own."""
    with suppress(psutil.NoSuchProcess):
        machine = psutil.Process(node.pid)
        for process in (machine, *machine.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.kill()
    node.wait()


def with_torchrun(run: Path, recipe: Path, machines: int, *more: str) -> list[str]:
    script = str(EXAMPLES / "torchrun" / "train.sh")
    where = [f"127.0.0.1:{port()}", str(machines), str(run)]
    options = ["--recipe", str(recipe), "--device", "cpu", "--tracker", "none", *more]
    return ["bash", script, *where, *options]


def state(run: Path) -> dict[str, torch.Tensor]:
    return torch.load(run / "last.ckpt", weights_only=True)["state_dict"]


@pytest.mark.slow
def test_two_machines_train_from_shards_as_one_does_and_go_on_without_one(tmp_path, recipe):
    log = tmp_path / "log"
    for name, machines, processes in (("one", 1, "2"), ("two", 2, "1")):
        command = with_torchrun(tmp_path / name, recipe, machines)
        with nodes(command, machines, log, PROCESSES=processes) as started:
            assert [node.wait(420) for node in started] == [0] * machines, log.read_text()
    one, two = state(tmp_path / "one"), state(tmp_path / "two")
    assert one.keys() == two.keys()
    for name, value in one.items():
        assert torch.equal(two[name], value), name

    run = tmp_path / "lost"
    command = with_torchrun(run, recipe, 2, "--steps", "1000000")
    with nodes(command, 2, log, PROCESSES="1") as (first, second):
        while not (run / "best.ckpt").exists():
            assert first.poll() is None, log.read_text()
            with pytest.raises(subprocess.TimeoutExpired):
                second.wait(0.1)
        kill(second)
        assert first.wait(300) != 0
    at = step_of(run / "last.ckpt")
    command = with_torchrun(run, recipe, 1, "--steps", str(at + 2))
    with nodes(command, 1, log, PROCESSES="1") as (only,):
        assert only.wait(420) == 0, log.read_text()
    assert step_of(run / "last.ckpt") == at + 2


@pytest.mark.slow
def test_the_script_for_slurm_starts_all_tasks(tmp_path, recipe):
    (tmp_path / "srun").write_text(SRUN)
    (tmp_path / "srun").chmod(0o755)
    environ = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        **{"SLURM_JOB_ID": "1", "SLURM_NNODES": "2", "SLURM_NTASKS_PER_NODE": "1"},
        **{"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port()), "WORLD_SIZE": "2"},
    }
    run, log = tmp_path / "run", tmp_path / "log"
    command = ["bash", str(EXAMPLES / "slurm" / "train.sbatch"), str(run), "--recipe", str(recipe)]
    with nodes([*command, "--device", "cpu", "--tracker", "none"], 1, log, **environ) as (job,):
        assert job.wait(420) == 0, log.read_text()
    assert step_of(run / "last.ckpt") == 8
