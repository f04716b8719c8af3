from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from testing.dtu_trees import content, make_dtu
from testing.prepared_sets import PYRAMID, run
from testing.processes import running

from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.sources.dtu import dtu

PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
# Once so many maps are done, it waits until its input ends.
CODE = """
import select
import sys
from pathlib import Path
from dsdmsr.data.sources.dtu import dtu
from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepare.run import prepare

if __name__ == "__main__":
    source, made, shards, workers, stop = sys.argv[1:]
    forms = Forms(pyramid=True, shards=shards == "shards")
    def advance(done, total):
        print(done, flush=True)
        # Not in one long read: a signal just before it would be heeded after it alone.
        while done >= int(stop) and not select.select([sys.stdin], [], [], 0.05)[0]:
            pass
    prepare(dtu(Path(source)), Path(made), forms, workers=int(workers), resume=True,
            shard_bytes=20_000, advance=advance)
"""


@pytest.mark.parametrize(("forms", "workers"), [("shards", 2), ("pyramid", 0), ("pyramid", 2)])
def test_killed_at_any_moment_and_resumed_it_ends_with_the_same_bytes(tmp_path, forms, workers):
    tree = make_dtu(tmp_path / "dtu", {f"scan{k}": 5 for k in (1, 2, 3, 6)})
    (tmp_path / "prepare.py").write_text(CODE)
    made, whole = tmp_path / "made", tmp_path / "whole"
    command = [sys.executable, tmp_path / "prepare.py", tree]
    asked = Forms(pyramid=True, shards=forms == "shards")
    prepare(dtu(tree), whole, asked, workers=0, shard_bytes=20_000)
    progress = []
    for kills in (1, 6, 11):
        with running(*command, made, forms, workers, kills, **PIPES) as process:
            begun = int(process.stdout.readline())
            progress.append(begun)
            reached = begun
            while reached < kills:
                reached = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            process.wait()
        # Nothing that was done is done again, but for what was under way.
        assert begun >= (progress[-2] if len(progress) > 1 else 0)
    assert not (made / "manifest.json").exists()
    time.sleep(1)  # the killed run's workers end
    command += [made, forms, str(workers), "100"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first = int(done.stdout.split()[0])
    shards = json.loads((made / "manifest.json").read_text())["shards"]
    most = max((shard["maps"] for shard in shards), default=1)
    assert first >= 11 - most * max(1, workers) - 1
    assert content(made) == content(whole)


def test_a_killed_run_leaves_no_process_behind(tmp_path):
    tree = make_dtu(tmp_path / "dtu", {f"scan{k}": 5 for k in (1, 2, 3, 6)})
    (tmp_path / "prepare.py").write_text(CODE)
    program, made = tmp_path / "prepare.py", tmp_path / "made"
    command = [sys.executable, program, tree, made, "pyramid", "2", "2"]
    with running(*command, **PIPES) as process:
        while int(process.stdout.readline()) < 2:
            pass
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) >= 2
        process.send_signal(signal.SIGKILL)
        process.wait()
    until = time.monotonic() + 20
    while any(_is_alive(int(child)) for child in children) and time.monotonic() < until:
        time.sleep(0.1)
    assert not any(_is_alive(int(child)) for child in children)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_ctrl_c_leaves_nothing_half_written(tmp_path):
    tree = make_dtu(tmp_path / "dtu", {f"scan{k}": 5 for k in (1, 2, 3, 6)})
    (tmp_path / "prepare.py").write_text(CODE)
    made = tmp_path / "made"
    command = [sys.executable, tmp_path / "prepare.py", tree, made, "shards", "2", "4"]
    with running(*command, stderr=subprocess.DEVNULL, **PIPES) as process:
        while int(process.stdout.readline()) < 4:
            pass
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert not list(made.rglob(".*.part"))
    assert not (made / "manifest.json").exists()


def test_a_second_run_into_one_folder_is_refused(tmp_path, capsys):
    tree = make_dtu(tmp_path / "dtu", {f"scan{k}": 5 for k in (1, 2, 3, 6)})
    (tmp_path / "prepare.py").write_text(CODE)
    made = tmp_path / "made"
    command = [sys.executable, tmp_path / "prepare.py", tree, made, "pyramid", "0", "0"]
    with running(*command, **PIPES) as process:
        assert int(process.stdout.readline()) == 0
        assert run("prepare", "dtu", tree, made, "--pyramid", "--resume") == 2
        assert "another run is writing to" in capsys.readouterr().err
        process.communicate()
    assert process.returncode == 0
    prepare(dtu(tree), tmp_path / "whole", PYRAMID, workers=0)
    assert content(made) == content(tmp_path / "whole")


def test_ctrl_c_from_a_terminal_prints_one_line(tmp_path):
    tree = make_dtu(tmp_path / "dtu", {f"scan{k}": 20 for k in (1, 2, 3, 6)})
    for k, wait in enumerate((0.0, 0.2, 0.4, 0.8)):
        command = [sys.executable, "-m", "dsdmsr", "prepare", "dtu", tree, tmp_path / f"{k}"]
        process = subprocess.Popen(
            [*command, "--pyramid", "--workers", "2"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        while not (tmp_path / f"{k}" / ".journal").exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(wait)
        os.killpg(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=60)
        # Where the machine is slow, lines of progress come before.
        lines = [line for line in error.splitlines() if not line.startswith("preparing ")]
        assert lines in ([], ["dsdmsr: interrupted"])
        assert process.returncode in (0, 130)
