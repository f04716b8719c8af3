"""Process that gives changed files to one reader, and notes what is no refusal in one line.

What it does is a function of the reader, the seed and the number of the execution alone. The number
is in a file before each, so that whoever started it knows at which one it ended, if it did.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
import warnings
from pathlib import Path
from random import Random

from dsdmsr.errors import DsdmsrError
from dsdmsr.io import SUFFIXES
from tools.fuzz.formats import change
from tools.fuzz.subjects import SUBJECTS

__all__ = ["Files", "changed_files", "execute", "seeds_in", "write_files"]

LONGEST, MOST_MEMORY = 5.0, 10**9
"""Seconds of processor time and bytes beyond which a read is a fault."""
_LONGEST_LINE = 3000
Files = dict[str, bytes]


def seeds_in(folder: Path) -> list[Files]:
    """Return the valid files: each a file, or a folder's files by their names in it."""
    seeds = []
    for path in sorted(folder.iterdir()):
        found = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        seeds.append({str(each.relative_to(folder)): each.read_bytes() for each in found})
    return seeds


def changed_files(rng: Random, seeds: list[Files]) -> Files:
    """Return a seed one file of which is changed; now and then two."""
    files = dict(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 1, 1, 2))):
        name = rng.choice([*files])
        files[name] = change(rng, name.rpartition("/")[2], files[name])
    return files


class _Watch:
    """Keep what an execution says beside its result: warnings, and lines of libraries in C."""

    def __init__(self, folder: Path) -> None:
        self.said: list[str] = []
        self._file = (folder / "stderr").open("w+b")
        os.dup2(self._file.fileno(), 2)
        warnings.simplefilter("always")
        warnings.showwarning = self._warned

    def _warned(self, text: Warning | str, kind: type[Warning], *_: object, **__: object) -> None:
        # Those of libraries are for their programs: the command doesn't show them.
        if issubclass(kind, RuntimeWarning):
            self.said.append(f"{kind.__name__}: {text}")

    def taken(self) -> list[str]:
        """Return what was said since the last time."""
        said, self.said = self.said, []
        if os.fstat(2).st_size:
            self._file.seek(0)
            text = self._file.read(20_000).decode(errors="replace")
            # Libraries print lines of their own.
            said += [text] if "Traceback" in text and "/dsdmsr/" in text else []
            self._file.truncate(0)
            self._file.seek(0)
        return said


def write_files(folder: Path, files: Files) -> Path:
    """Write files into an empty folder; return the first part of their names."""
    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / next(iter(files)).partition("/")[0]


def _subject_path(path: Path, reader: str) -> Path:
    """Return what to read: a file, or the folder that counts as one."""
    if reader in _FOLDERS or path.is_file() or path.suffix:
        return path
    files = sorted(p for p in path.rglob("*") if p.is_file())
    depth = [p for p in files if p.suffix in SUFFIXES]
    return [*sorted(path.rglob("*.zarr")), *depth, *files][0]


_FOLDERS = frozenset(
    {"command", "index", "journal", "manifest", "restored", "network", "graphs", "run", "ledger"}
)


def execute(reader: str, path: Path, rng: Random) -> tuple[str, str]:
    """Return what came of a file: read, refused, or a kind of fault, and the text of it."""
    subject = SUBJECTS[reader]
    try:
        subject.read(_subject_path(path, reader), rng)
    except (DsdmsrError, *subject.allowed) as error:
        text = str(error)
        if "\n" in text or len(text) > _LONGEST_LINE:
            return "more than a line", f"{type(error).__name__}: {text[:500]!r}"
        return "refused", text
    except AssertionError:
        return "not what was promised", traceback.format_exc()[-2000:]
    except BaseException:  # that none comes is what is tested
        return "another error", traceback.format_exc()[-2000:]
    return "read", ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reader")
    parser.add_argument("seeds", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--before", type=int, default=sys.maxsize, help="the number to end at")
    parser.add_argument("--alone", action="store_true", help="one execution, whose files stay")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    files = given.work / "files"
    files.mkdir(exist_ok=True)
    resource.setrlimit(resource.RLIMIT_AS, (12 * 2**30,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    seeds, watch = seeds_in(given.seeds), _Watch(given.work)
    progress = (given.work / "progress").open("w+b", buffering=0)
    counts: dict[str, int] = {}
    for seed in seeds if not given.alone else []:
        # Loads what it takes, too.
        execute(given.reader, write_files(files, seed), Random(0))
    end = time.monotonic() + given.seconds
    faults = (given.work / "faults").open("a", encoding="utf-8")
    for number in range(given.first, given.first + 1 if given.alone else given.before):
        if time.monotonic() > end:
            break
        rng = Random(f"{given.reader} {given.seed} {number}")
        changed = changed_files(rng, seeds)
        path = write_files(files, changed)
        os.pwrite(progress.fileno(), number.to_bytes(8, "little"), 0)
        watch.taken()
        begun, peak = time.process_time(), _peak()
        outcome, text = execute(given.reader, path, rng)
        found = [(outcome, text)] if outcome not in ("read", "refused") else []
        found += [("said more", each) for each in watch.taken()]
        if (taken := time.process_time() - begun) > LONGEST:
            found.append(("slow", f"{taken:.1f} s: {outcome} {text[:300]}"))
        if _peak() - peak > MOST_MEMORY + sum(map(len, changed.values())):
            found.append(("memory", f"{(_peak() - peak) / 1e6:.0f} MB: {outcome} {text[:300]}"))
        counts[outcome] = counts.get(outcome, 0) + 1
        for kind, said in found:
            print(json.dumps([number, kind, said]), file=faults, flush=True)
        if given.alone:
            print(outcome, text, found)
    (given.work / "counts").write_text(json.dumps(counts), encoding="utf-8")


def _peak() -> int:
    """Return the most memory that this process has had, in bytes."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    main()
    sys.stdout.flush()
    # Nothing that libraries do at the end is tested.
    os._exit(0)
