"""Upscale files, folders and patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress, TaskID

from dsdmsr.app.jobs import Job, marks_of, plan
from dsdmsr.app.stereo import StereoOptions, with_stereo
from dsdmsr.depth import DepthMap, Kind
from dsdmsr.errors import ConfigError, DepthError, DsdmsrError, FileError
from dsdmsr.io import (
    check_output,
    choose_encoding,
    default_encoding,
    read_depth,
    write_bands,
)
from dsdmsr.io.encodings import ENCODINGS, find_encoding
from dsdmsr.io.png import write_png
from dsdmsr.kinds import to_kind
from dsdmsr.replacing import writing
from dsdmsr.upscaling import Upscaler
from dsdmsr.upscaling.edges import Edges
from dsdmsr.upscaling.sizes import Size
from dsdmsr.upscaling.tiles import Tile, check_tile

__all__ = ["Wishes", "upscale_files"]


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What `dsdmsr upscale` was asked for; its help says what each means.

    Raises:
        DsdmsrError: If something of it isn't possible, whatever the files.
    """

    scale: int | None
    size: str | None
    model: str | None
    encoding: str | None
    output_encoding: str | None
    from_kind: Kind | None
    to_kind: Kind | None
    stereo: StereoOptions
    device: str
    ensemble: int
    tile: Tile
    edges: Edges
    fill: int
    filled: Path | None
    resume: bool
    overwrite: bool

    def __post_init__(self) -> None:
        Size(scale=self.scale, pixels=self.pixels)
        check_tile(self.tile)
        if (self.fill > 0) != (self.filled is not None):
            raise ConfigError("--fill and --filled go together: what is filled is always marked")
        if self.resume and self.overwrite:
            raise ConfigError("--resume keeps files, --overwrite replaces them: give one")
        for name in (self.encoding, self.output_encoding):
            if name is not None:
                find_encoding(name)

    @property
    def pixels(self) -> tuple[int, int] | None:
        """Height and width of the results, if they were asked for."""
        if self.size is None:
            return None
        found = re.fullmatch(r"(\d{1,9})[x×](\d{1,9})", self.size)
        if found is None:
            raise ConfigError(f"size is {self.size!r}: give WIDTHxHEIGHT, such as 640x480")
        return int(found[2]), int(found[1])

    def read(self, source: Path) -> DepthMap:
        """Return the map in a file."""
        depth = read_depth(source, self.encoding, kind=self.from_kind)
        return with_stereo(depth, source, self.stereo)

    def output_of(self, depth: DepthMap, target: Path) -> str:
        """Return the encoding in which a map's enlargement is written."""
        if self.to_kind is None or self.to_kind == depth.kind:
            return choose_encoding(target, depth, self.output_encoding)
        # Nothing is upscaled before it is clear that this will do.
        wanted = to_kind(depth, self.to_kind)
        asked = self.output_encoding or default_encoding(target, wanted)
        return choose_encoding(target, wanted, asked)


def upscale_files(
    inputs: Sequence[str], output: Path, wishes: Wishes, *, out: Console, err: Console
) -> int:
    """Upscale; return 0, or 1 if some of several files failed.

    One file that fails is an error; of several, those that fail are listed at the end, and the
    rest is written.

    Raises:
        DsdmsrError: If nothing can be done as asked.
    """
    jobs = plan(inputs, output)
    alone = len(jobs) == 1
    left = [job for job in jobs if not (wishes.resume and _is_done(job, wishes, alone))]
    there = len(jobs) - len(left)
    if alone and left:
        # Before the network is loaded, which takes a second or two.
        _targets(left[0], wishes, alone)
        wishes.output_of(wishes.read(left[0][0]), left[0][1])
    failures: list[tuple[Path, DsdmsrError]] = []
    if left:
        failures = _upscale_all(left, wishes, alone, err)
    done = len(left) - len(failures)
    if alone:
        what = f"kept {jobs[0][1]}, which is there" if there else f"wrote {jobs[0][1]}"
    else:
        what = f"wrote {done} files to {output}"
        what += f"; {there} were there" if there else ""
    out.print(what, markup=False)
    for source, failure in failures:
        err.print(f"failed: {source}: {failure}", markup=False)
    return 1 if failures else 0


def _upscale_all(
    jobs: list[Job], wishes: Wishes, alone: bool, err: Console
) -> list[tuple[Path, DsdmsrError]]:
    """Upscale file after file; return which failed, unless there is only one."""
    upscaler = Upscaler.from_pretrained(
        wishes.model,
        scale=wishes.scale,
        size=wishes.pixels,
        device=wishes.device,
        ensemble=wishes.ensemble,
        tile=wishes.tile,
        fill=wishes.fill,
        edges=wishes.edges,
    )
    failures: list[tuple[Path, DsdmsrError]] = []
    announced: set[str] = set()
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("upscaling", total=len(jobs))
        for number, job in enumerate(jobs):
            progress.update(task, completed=number)
            try:
                said = _upscale_one(
                    upscaler, job, wishes, alone, partial(_show, progress, task, number)
                )
            except DsdmsrError as error:
                if alone:
                    raise
                failures.append((job[0], error))
                continue
            for line in said - announced:
                err.print(f"{job[0]}: {line}", markup=False)
            announced |= said
    return failures


def _show(progress: Progress, task: TaskID, before: int, share: float) -> None:
    progress.update(task, completed=before + share)


def _upscale_one(
    upscaler: Upscaler,
    job: Job,
    wishes: Wishes,
    alone: bool,
    progress: Callable[[float], object],
) -> set[str]:
    """Upscale a file; return what was assumed for it."""
    source, target = job
    depth = wishes.read(source)
    marks = _targets(job, wishes, alone)
    chosen = wishes.output_of(depth, target)
    try:
        goal = upscaler.size.goal(*depth.shape)
        if marks is not None:
            with writing(marks) as beside:
                write_png(beside, 255 * upscaler.filled(depth.valid).astype(np.uint8))
        bands = _converted(upscaler.bands(depth, progress), wishes.to_kind)
        shape = goal.height, goal.width
        write_bands(target, shape, bands, chosen, overwrite=wishes.overwrite)
    except DepthError as error:
        raise DepthError(f"{source}: {error}") from error
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise
        height, width = depth.shape
        raise FileError(
            f"{source}: not enough memory to make {goal.height}×{goal.width} pixels of "
            f"{height}×{width}: give a smaller --tile, write .npy or .tif, or cut the map"
        ) from error
    said = set()
    if wishes.encoding is None and depth.encoding is not None:
        guess = depth.encoding
        said.add(f"read as {guess}: {ENCODINGS[guess].meaning}; --encoding changes it")
    if wishes.output_encoding is None and chosen != depth.encoding:
        said.add(f"written as {chosen}: {ENCODINGS[chosen].meaning}; --output-encoding changes it")
    return said


def _converted(bands: Iterator[DepthMap], kind: Kind | None) -> Iterator[DepthMap]:
    for band in bands:
        yield band if kind is None else to_kind(band, kind)


def _targets(job: Job, wishes: Wishes, alone: bool) -> Path | None:
    """Return where the marks of filled pixels go, if anywhere; check that all may be written."""
    source, target = job
    check_output(target, overwrite=wishes.overwrite)
    if wishes.filled is None:
        return None
    marks = marks_of(wishes.filled, source, alone=alone)
    if marks.resolve() == target.resolve():
        raise FileError(f"{marks} is the output, too: give --filled another name")
    return check_output(marks, overwrite=wishes.overwrite or wishes.resume)


def _is_done(job: Job, wishes: Wishes, alone: bool) -> bool:
    """Return whether a file's enlargement is there: written last, and whole or not at all."""
    source, target = job
    marks = wishes.filled and marks_of(wishes.filled, source, alone=alone)
    return target.is_file() and (marks is None or marks.is_file())
