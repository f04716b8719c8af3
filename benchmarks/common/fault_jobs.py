"""Commands that faults befall, and the faults: kills, full disks, permissions, inputs cut off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from shutil import which
from typing import NamedTuple

import numpy as np

from dsdmsr import DepthMap, write_depth

__all__ = [
    "FAULTS",
    "JOBS",
    "Fault",
    "Job",
    "Place",
    "disk",
    "restore",
    "start",
    "write_inputs",
]

_SHAPE = (96, 128)
_LARGE = 2**26
"""Bytes of a disk that isn't full."""
_FAST = ("--scale", "2", "--model", "dsdmsr-fast")


class Job(NamedTuple):
    """A command that reads maps, or none, and writes to a folder."""

    arguments: Callable[[Path, Path], list[str]]
    """Takes the inputs' folder and the output's, which is missing before."""
    again: str
    """The option with which it runs again."""
    reads: bool = True
    """Whether it reads inputs."""
    dated: bool = False
    """Whether its files say when they were made, and its folder has to be there before."""
    varying: tuple[str, ...] = ()
    """Patterns of names of files that grow, differ in number, or say when what happened."""


def _evaluate(source: Path, target: Path) -> list[str]:
    given = ["evaluate", "--protocol", "a", "--maps", str(source), "--encoding", "metres"]
    files = ["--json", str(target / "a.json"), "--markdown", str(target / "a.md")]
    return [*given, "--scales", "2", "--model", "dsdmsr-fast", *files]


def _train(_: Path, target: Path) -> list[str]:
    given = ["train", "--recipe", "smoke", "--steps", "12", "--run-dir", str(target)]
    return [*given, "--device", "cpu", "--tracker", "none"]


JOBS = {
    "upscale": Job(lambda s, t: ["upscale", str(s), "-o", str(t), *_FAST], "--overwrite"),
    "page": Job(lambda _, t: ["page", "-o", str(t / "page.html")], "--overwrite", reads=False),
    "prepare": Job(
        lambda s, t: ["prepare", "folder", str(s), str(t), "--encoding", "metres"], "--resume"
    ),
    "stream": Job(
        lambda s, t: ["stream", str(s), "-o", str(t), *_FAST, "--idle", "0.5"], "--overwrite"
    ),
    "evaluate": Job(_evaluate, "--overwrite", dated=True),
    "upscale-many": Job(
        lambda s, t: ["upscale-many", str(s), str(t), *_FAST], "--resume", varying=("_ledger/*",)
    ),
    # Checkpoints are whole if the next run can go on from them.
    "train": Job(
        _train,
        "--resume=auto",
        reads=False,
        varying=("*.ckpt", "log.csv", "run.json", "network/README.md"),
    ),
}
"""Command → what it is given."""


class Place(NamedTuple):
    """Where a command runs."""

    source: Path
    """The inputs."""
    disk: Path
    """A disk of its own, if this process may mount one, else a folder."""
    target: Path
    """The output's folder, on that disk."""


class Fault(NamedTuple):
    """What befalls a command."""

    happen: Callable[[Place, subprocess.Popen[bytes], Random], object]
    """Lets it happen, at a random moment."""
    codes: tuple[int, ...]
    """What the command may end with, beside 0: it may have been done before."""
    leaves: bool = False
    """Whether parts of files may be left until the next run."""
    cuts: bool = False
    """Whether an input is another one after it, or none."""


def _limit(place: Place, _: object, choose: Random) -> None:
    """Leave no room on the disk but for a part of what will be written."""
    # The command writes meanwhile, and a disk cannot become smaller than what is on it.
    for _ in range(20):
        about = os.statvfs(place.disk)
        used = (about.f_blocks - about.f_bfree) * about.f_frsize
        room = used + 4096 * choose.randrange(1, 60)
        command = ["mount", "-o", f"remount,size={room}", place.disk]
        if subprocess.run(command, capture_output=True).returncode == 0:
            return
    raise SystemExit(f"the disk on {place.disk} cannot be limited")


def _revoke(place: Place, _: object, choose: Random) -> None:
    """Forbid to write to the output's folder, or to read an input."""
    inputs = sorted(place.source.glob("*"))
    if choose.random() < 0.5 and inputs:
        choose.choice(inputs).chmod(0)
    else:
        (place.target if place.target.exists() else place.disk).chmod(0o555)


def _cut(place: Place, _: object, choose: Random) -> None:
    path = choose.choice(sorted(place.source.glob("*")))
    os.truncate(path, choose.randrange(path.stat().st_size))


def _signal(number: int) -> Callable[[Place, subprocess.Popen[bytes], Random], object]:
    return lambda _, process, __: process.send_signal(number)


FAULTS = {
    "killed": Fault(_signal(signal.SIGKILL), (-signal.SIGKILL,), leaves=True),
    "asked to end": Fault(_signal(signal.SIGTERM), (143, -signal.SIGTERM)),
    # If C code was calling Python just then, Python ends itself by the signal: 130 in shells, too.
    "interrupted": Fault(_signal(signal.SIGINT), (130, -signal.SIGINT)),
    "disk full": Fault(_limit, (1, 2)),
    # Nobody can remove files from a folder that is not to be written to.
    "permission revoked": Fault(_revoke, (1, 2), leaves=True, cuts=True),
    "input cut off": Fault(_cut, (1, 2), cuts=True),
}
"""What happens → how."""


def write_inputs(folder: Path, count: int = 8) -> None:
    """Write depth files of several formats."""
    folder.mkdir(parents=True)
    suffixes = (".npy", ".pfm", ".tif", ".npz", ".h5", ".exr")
    for k in range(count):
        rows, columns = np.indices(_SHAPE)
        values = 2 + np.sin(rows / (5 + k)) + (columns > 40 + k)
        depth = DepthMap(values, rows > 2, unit="m", encoding="metres")
        write_depth(folder / f"map{k}{suffixes[k % len(suffixes)]}", depth)


def start(arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start the command, without the right of root to ignore permissions."""
    command = [sys.executable, "-m", "dsdmsr", *arguments]
    if os.getuid() == 0 and which("setpriv"):
        rights = "-dac_override,-dac_read_search"
        command = ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}", *command]
    with log.open("wb") as errors:
        return subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, preexec_fn=_heed_interrupts
        )


def _heed_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def disk(folder: Path) -> Iterator[bool]:
    """Mount a disk in memory on a folder, if this process may; yield whether it could."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={_LARGE}", "tmpfs", folder]
    mounted = bool(which("mount")) and subprocess.run(command, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", folder], check=True)


def restore(place: Place, inputs: Path, mounted: bool) -> None:
    """Undo what happened to a place, but for what the command left there."""
    if mounted:
        subprocess.run(["mount", "-o", f"remount,size={_LARGE}", place.disk], check=True)
    for folder in (place.disk, place.target):
        with suppress(FileNotFoundError):
            folder.chmod(0o755)
    for path in inputs.iterdir():
        copy = place.source / path.name
        copy.chmod(0o644)
        if copy.read_bytes() != path.read_bytes():
            copy.write_bytes(path.read_bytes())
