from __future__ import annotations

import contextlib
import csv
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml

from dsdmsr.data.batches import Batches, CropMix, Part, make_batch
from dsdmsr.data.crops import Synthetic
from dsdmsr.data.scenes.render import SceneConfig
from dsdmsr.errors import ConfigError
from dsdmsr.training.launch import check_processes
from dsdmsr.training.options import TrainerOptions
from dsdmsr.training.processes import is_main
from dsdmsr.training.recipe_files import load_recipe, recipe_to_dict
from dsdmsr.training.run_folder import step_of

STEPS = 50


@pytest.fixture
def recipe_file(tmp_path):
    """A recipe whose loss is smooth, with a batch that two processes share unevenly."""
    values = recipe_to_dict(load_recipe("smoke"))
    values["crops"] = [
        {"scale": 2, "crop": 32, "batch": 3, "share": 1.0},
        {"scale": 4, "crop": 32, "batch": 4, "share": 1.0},
    ]
    values |= {
        "optimizer": "sgd",
        "learning_rate": 0.02,
        "loss": "mse",
        "validation_maps": 3,
        "validate_every": 25,
        "steps": STEPS,
    }
    # Scenes with holes, so that processes have unequal numbers of valid pixels.
    values["scenes"]["sensing"]["holes"] = 0.5
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def command(recipe: Path, run: Path, *more: str) -> list[str]:
    train = ["train", "--recipe", str(recipe), "--run-dir", str(run), "--device", "cpu", *more]
    return [sys.executable, "-m", "dsdmsr", *train]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", **more}


def trained(recipe: Path, run: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(recipe, run, *more), env=environment(), capture_output=True, text=True, timeout=300
    )


def state(run: Path) -> dict[str, torch.Tensor]:
    return torch.load(run / "last.ckpt", weights_only=True)["state_dict"]


def validations(run: Path) -> dict[tuple[str, str], float]:
    with (run / "log.csv").open() as file:
        return {
            (row["step"], row["name"]): float(row["value"])
            for row in csv.DictReader(file)
            if row["name"].startswith("val/")
        }


@pytest.mark.slow
def test_two_processes_train_and_validate_as_one_does(tmp_path, recipe_file):
    for name, more in (("one", ()), ("two", ("--trainer.devices", "2"))):
        done = trained(recipe_file, tmp_path / name, *more)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("trained network") == 1
        assert (tmp_path / name / "network" / "model.safetensors").is_file()
    one, two = state(tmp_path / "one"), state(tmp_path / "two")
    assert one.keys() == two.keys()
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=0, atol=1e-5)
    figures = validations(tmp_path / "one"), validations(tmp_path / "two")
    assert figures[0].keys() == figures[1].keys()
    assert {step for step, _ in figures[0]} == {"25", "50"}
    for name, value in figures[0].items():
        assert figures[1][name] == pytest.approx(value, rel=1e-6), name


@pytest.mark.slow
def test_torchrun_and_slurm_start_processes_too(tmp_path, recipe_file):
    """Two processes by hand, as torchrun would on two machines, and as SLURM on one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    run = tmp_path / "run"
    starters = {
        "torchrun": lambda k: {
            **shared,
            "RANK": str(k),
            "LOCAL_RANK": "0",
            "GROUP_RANK": str(k),
            "LOCAL_WORLD_SIZE": "1",
            "TORCHELASTIC_RUN_ID": "test",
        },
        "slurm": lambda k: {
            **shared,
            "SLURM_JOB_ID": "1",
            "SLURM_JOB_NAME": "train",
            "SLURM_NTASKS": "2",
            "SLURM_NTASKS_PER_NODE": "2",
            "SLURM_PROCID": str(k),
            "SLURM_LOCALID": str(k),
            "SLURM_NODEID": "0",
            "SLURM_NODELIST": "127.0.0.1",
        },
    }
    where = (["--trainer.num_nodes", "2"], ["--trainer.devices", "2"])
    for steps, environ, devices in zip(("20", "30"), starters.values(), where, strict=True):
        more = (*devices, "--resume", "auto", "--steps", steps)
        processes = [
            subprocess.Popen(
                command(recipe_file, run, *more),
                env=environment(**environ(k)),
                stderr=subprocess.PIPE,
                text=True,
            )
            for k in range(2)
        ]
        ended = [process.communicate(timeout=240)[1] for process in processes]
        assert [process.returncode for process in processes] == [0, 0], ended
        assert step_of(run / "last.ckpt") == int(steps)


@pytest.fixture
def two_processes(tmp_path, recipe_file):
    """A run of two processes that has gone some steps: the main one, and the other's number."""
    run = tmp_path / "run"
    process = subprocess.Popen(
        command(recipe_file, run, "--trainer.devices", "2", "--steps", "1000000"),
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 120
    while not (run / "best.ckpt").exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.1)
    others = [int(number) for number in children.read_text().split()]
    yield process, others[-1], run
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stderr.close()


def alive(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc to find processes in")
@pytest.mark.parametrize("which", ["main", "other"])
def test_when_one_process_is_killed_the_other_ends_and_the_run_goes_on(
    two_processes, recipe_file, which
):
    process, other, run = two_processes
    os.kill(process.pid if which == "main" else other, signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    deadline = time.monotonic() + 60
    while alive(other):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert process.returncode == (-signal.SIGKILL if which == "main" else 2)
    said = [line for line in errors.splitlines() if line.startswith("dsdmsr: ")]
    at, best = (step_of(run / name) for name in ("last.ckpt", "best.ckpt"))
    assert said == [
        "dsdmsr: another process of this run has ended; go on with --resume auto: "
        f"{run}/last.ckpt is of step {at} and {run}/best.ckpt is of step {best}"
    ]
    done = trained(recipe_file, run, "--resume", "auto", "--steps", str(at + 5))
    assert done.returncode == 0, done.stderr
    assert step_of(run / "last.ckpt") == at + 5


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no /proc to find processes in")
def test_all_processes_leave_when_one_is_told_to(two_processes):
    process, other, run = two_processes
    before = step_of(run / "last.ckpt")
    os.kill(other, signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert "stopped by SIGTERM after step" in errors
    assert not alive(other)
    assert step_of(run / "last.ckpt") > before


WAITS = """
import os, sys, time
from dsdmsr.training import launch
from dsdmsr.training.options import TrainerOptions

if os.environ.get("LOCAL_RANK"):
    raise SystemExit(int(sys.argv[1]))
launch._NOTICE_SECONDS = 0.5
with launch.spawn_local_ranks(TrainerOptions(devices=2)):
    time.sleep(float(sys.argv[2]))
print("LOCAL_RANK" in os.environ)
"""


@pytest.mark.parametrize(
    ("status", "seconds", "ends", "said"), [(1, 60, 2, "another process"), (0, 3, 0, "")]
)
def test_a_process_that_failed_is_not_waited_for(tmp_path, status, seconds, ends, said):
    (tmp_path / "waits.py").write_text(WAITS)
    environ = {k: v for k, v in os.environ.items() if k not in ("RANK", "LOCAL_RANK")}
    done = subprocess.run(
        [sys.executable, tmp_path / "waits.py", str(status), str(seconds)],
        capture_output=True,
        text=True,
        timeout=50,
        env=environ,
    )
    assert done.returncode == ends
    assert said in done.stderr
    assert done.stdout == ("False\n" if ends == 0 else "")


def test_parts_make_up_the_batch():
    mixes = (CropMix(scale=2, crop=16, batch=5),)
    source = Synthetic(SceneConfig())
    whole = make_batch(3, 7, mixes, source)
    parts = [make_batch(3, 7, mixes, source, Part(k, 3)) for k in range(3)]
    assert torch.equal(torch.cat([part.hr_depth for part in parts]), whole.hr_depth)
    assert torch.equal(torch.cat([part.valid for part in parts]), whole.valid)
    assert [part.names for part in parts] == [whole.names[:1], whole.names[1:3], whole.names[3:]]
    assert {part.series for part in parts} == {whole.series} == {35}
    assert whole.names[0] == "scene 35 of seed 3"
    assert next(iter(Batches(3, mixes, source, 7, Part(1, 3)))).names == parts[1].names
    with pytest.raises(ConfigError, match="batches of 5 for 6 processes"):
        make_batch(3, 7, mixes, source, Part(0, 6))


def test_processes_that_cannot_be_are_refused(monkeypatch):
    recipe = load_recipe("base")
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    check_processes(TrainerOptions(), recipe, "cuda")
    with pytest.raises(ConfigError, match="cuda with 2 devices, and torch sees 1: give fewer"):
        check_processes(TrainerOptions(devices=2), recipe, "cuda")
    check_processes(TrainerOptions(devices=2), recipe, "cpu")
    with pytest.raises(ConfigError, match="×16 has batches of 2 crops for 3 processes"):
        check_processes(TrainerOptions(devices=3), recipe, "cpu")
    for name in ("RANK", "SLURM_PROCID"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match="torchrun, or with srun"):
        check_processes(TrainerOptions(num_nodes=2), recipe, "cpu")
    monkeypatch.setenv("RANK", "1")
    check_processes(TrainerOptions(num_nodes=2), recipe, "cpu")
    assert not is_main()
    with pytest.raises(ConfigError, match="give 1 or more"):
        TrainerOptions(devices=0)
