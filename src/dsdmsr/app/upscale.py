"""Upscale files, folders and patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.progress import Progress, TaskID

from dsdmsr._atomic import writing
from dsdmsr.app.jobs import beside, plan
from dsdmsr.app.stereo import StereoOptions, with_stereo
from dsdmsr.depth.convert import to_kind
from dsdmsr.depth.estimate import looks_noisy
from dsdmsr.depth.map import DepthMap, Kind
from dsdmsr.errors import ConfigError, DepthError, DsdmsrError, FileError
from dsdmsr.io import (
    ERROR_SUFFIXES,
    check_output,
    choose_encoding,
    default_encoding,
    error_writer,
    read_depth,
    write_bands,
)
from dsdmsr.io.encodings import ENCODINGS, find_encoding
from dsdmsr.io.png import write_png
from dsdmsr.upscaling import TemporalFilter, Upscaler
from dsdmsr.upscaling.auto import AUTO, announcement, choose_network
from dsdmsr.upscaling.refinement import Averaging, Refinement
from dsdmsr.upscaling.sharpen import Edges
from dsdmsr.upscaling.sizes import Size
from dsdmsr.upscaling.tiles import Tile, check_tile
from dsdmsr.zoo.names import DEFAULT_MODEL

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
    degradation: Averaging | None
    refinement: Refinement | None
    fill: int
    filled: Path | None
    confidence: Path | None
    temporal: bool
    resume: bool
    overwrite: bool

    def __post_init__(self) -> None:
        Size(scale=self.scale, pixels=self.pixels)
        check_tile(self.tile)
        if (self.fill > 0) != (self.filled is not None):
            raise ConfigError("--fill and --filled go together: what is filled is always marked")
        if self.confidence is not None and self.to_kind is not None:
            raise ConfigError("--confidence is in the input's kind: leave --to-kind out")
        if self.to_kind is None and self.stereo != StereoOptions():
            raise ConfigError(
                "--focal, --baseline, --doffs and --calib serve --to-kind: give it, or leave them"
            )
        if self.temporal and self.resume:
            raise ConfigError(
                "--temporal needs every frame before one: give --overwrite instead of --resume"
            )
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
        return with_stereo(depth, self.stereo)

    def output_of(self, depth: DepthMap, target: Path) -> str:
        """Return the encoding in which a map's enlargement is written."""
        if self.to_kind is None or self.to_kind == depth.kind:
            return choose_encoding(target, depth, self.output_encoding)
        # Nothing is upscaled before it is clear that this will do.
        wanted = to_kind(depth, self.to_kind)
        asked = self.output_encoding or default_encoding(target, wanted)
        return choose_encoding(target, wanted, asked)


class Work(NamedTuple):
    """A file, what it becomes, and what else is written, if anything."""

    source: Path
    target: Path
    marks: Path | None
    """Of filled pixels."""
    confidence: Path | None
    """The errors that are expected."""

    def is_done(self) -> bool:
        """Return whether all is there that this work makes; each is written whole or not at all.

        Raises:
            FileError: If the map is there, but not what belongs to it.
        """
        if not self.target.is_file():
            return False
        for path, what in ((self.marks, "marks"), (self.confidence, "confidence")):
            if path is not None and not path.is_file():
                options = "--fill and --filled" if what == "marks" else "--confidence"
                raise FileError(
                    f"{self.target} is there without its {what}: --overwrite makes it anew, or "
                    f"leave {options} out"
                )
        return True

    def check(self, *, overwrite: bool) -> None:
        """Check that what this work makes may be written."""
        for path in (self.target, self.marks, self.confidence):
            if path is not None:
                check_output(path, overwrite=overwrite)


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
    if wishes.temporal:
        if len(jobs) == 1:
            raise ConfigError("--temporal needs a sequence: give a folder or a pattern of frames")
        jobs.sort(key=lambda job: _in_order(job[0]))
    none = [None] * len(jobs)
    marks = beside("--filled", wishes.filled, jobs, [".png"]) if wishes.filled else none
    sure = (
        beside("--confidence", wishes.confidence, jobs, ERROR_SUFFIXES)
        if wishes.confidence
        else none
    )
    works = [Work(*job, *others) for job, *others in zip(jobs, marks, sure, strict=True)]
    left = [work for work in works if not (wishes.resume and work.is_done())]
    alone, there = len(works) == 1, len(works) - len(left)
    if alone and left:
        # Before the network is loaded, which takes a second or two.
        left[0].check(overwrite=wishes.overwrite)
        wishes.output_of(wishes.read(left[0].source), left[0].target)
    failures: list[tuple[Path, DsdmsrError]] = []
    if left:
        failures = _upscale_all(left, wishes, alone, err)
    done = len(left) - len(failures)
    if alone:
        target = works[0].target
        what = f"kept {target}, which is there" if there else f"wrote {target}"
    else:
        what = f"wrote {done} files to {output}"
        what += f"; {there} were there" if there else ""
    out.print(what, markup=False)
    for source, failure in failures:
        err.print(f"failed: {source}: {failure}", markup=False)
    return 1 if failures else 0


def _in_order(source: Path) -> list[tuple[bool, int, str]]:
    """Return what sorts frames by the numbers in their names: frame2 comes before frame10."""
    parts = re.split(r"(\d+)", str(source))
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _upscale_all(
    works: list[Work], wishes: Wishes, alone: bool, err: Console
) -> list[tuple[Path, DsdmsrError]]:
    """Upscale file after file; return which failed, unless there is only one."""
    load = partial(
        Upscaler.from_pretrained,
        scale=wishes.scale,
        size=wishes.pixels,
        device=wishes.device,
        ensemble=wishes.ensemble,
        tile=wishes.tile,
        fill=wishes.fill,
        edges=wishes.edges,
        degradation=wishes.degradation,
        refinement=wishes.refinement,
    )
    upscaler = load(wishes.model)
    steady = TemporalFilter() if wishes.temporal else None
    failures: list[tuple[Path, DsdmsrError]] = []
    announced: set[str] = set()
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("upscaling", total=len(works))
        for number, work in enumerate(works):
            progress.update(task, completed=number)
            try:
                show = partial(_show, progress, task, number)
                said = _upscale_one(upscaler, work, wishes, steady, show)
            except DsdmsrError as error:
                if alone:
                    raise
                failures.append((work.source, error))
                continue
            for line in said - announced:
                err.print(f"{work.source}: {line}", markup=False)
            announced |= said
    return failures


def _show(progress: Progress, task: TaskID, before: int, share: float) -> None:
    progress.update(task, completed=before + share)


def _upscale_one(
    upscaler: Upscaler,
    work: Work,
    wishes: Wishes,
    steady: TemporalFilter | None,
    progress: Callable[[float], object],
) -> set[str]:
    """Upscale a file, or the next frame of a sequence; return what was assumed for it."""
    source, target, marks, confidence = work
    depth = wishes.read(source)
    work.check(overwrite=wishes.overwrite)
    chosen = wishes.output_of(depth, target)
    of_choice = announcement(wishes.model, depth)
    goal = upscaler.size.goal(*depth.shape)
    shape = goal.height, goal.width
    try:
        with ExitStack() as held:
            # What belongs to a map is put in its place after it, so that none is left of what
            # failed.
            if marks is not None:
                unfinished = held.enter_context(writing(marks))
                write_png(unfinished, 255 * upscaler.filled(depth.valid).view(np.uint8))
            if steady is not None:
                large = upscaler(depth, errors=True, progress=progress)
                noisy = looks_noisy(depth.values, depth.valid)
                bands = iter([steady(large, noisy=noisy)])
            else:
                bands = upscaler.bands(depth, errors=confidence is not None, progress=progress)
            if confidence is not None:
                writer = error_writer(
                    confidence,
                    shape,
                    made_by=choose_network(depth)
                    if wishes.model == AUTO
                    else wishes.model or DEFAULT_MODEL,
                    overwrite=wishes.overwrite,
                )
                bands = map(held.enter_context(writer), bands)
            bands = _converted(bands, wishes.to_kind)
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
    said = set() if of_choice is None else {of_choice}
    if wishes.encoding is None and depth.encoding is not None:
        guess = depth.encoding
        said.add(f"read as {guess}: {ENCODINGS[guess].meaning}; --encoding changes it")
    if upscaler.refinement is not None and upscaler.refinement.noise is None:
        said.add("its noise was estimated, as dsdmsr info shows it; --noise changes that")
    if wishes.output_encoding is None and chosen != depth.encoding:
        said.add(f"written as {chosen}: {ENCODINGS[chosen].meaning}; --output-encoding changes it")
    return said


def _converted(bands: Iterator[DepthMap], kind: Kind | None) -> Iterator[DepthMap]:
    for band in bands:
        yield band if kind is None else to_kind(band, kind)
