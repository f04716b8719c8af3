"""The examples of Ray on several machines, on this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from benchmarks.common.many_maps import check_ledger, make_maps

SCRIPT = Path(__file__).parents[3] / "examples" / "slurm" / "upscale_many.sbatch"


@pytest.mark.slow
def test_the_script_for_slurm_starts_a_cluster_and_upscales_with_it(tmp_path):
    """Its first machine alone: it is one of a cluster that others join, as srun would have them."""
    source, target = make_maps(tmp_path / "maps", 20, (8, 10)), tmp_path / "out"
    (tmp_path / "dsdmsr").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dsdmsr "$@"\n')
    (tmp_path / "dsdmsr").chmod(0o755)
    environ = {
        **os.environ,
        "PATH": f"{tmp_path}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        **{"SLURM_JOB_ID": str(os.getpid()), "SLURM_NNODES": "1", "SLURM_CPUS_PER_TASK": "2"},
    }
    command = ["bash", SCRIPT, source, target, "--scale", "2", "--model", "dsdmsr-fast"]
    job = subprocess.Popen(
        [str(part) for part in command],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = job.communicate(timeout=300)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(job.pid, signal.SIGKILL)
    assert job.returncode == 0, output
    assert "wrote 20 maps" in output
    check_ledger(source, target)
