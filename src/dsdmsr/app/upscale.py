"""Upscale files, folders and patterns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress, TaskID

from dsdmsr.app.inputs import depth_files
from dsdmsr.depth import DepthMap
from dsdmsr.errors import ConfigError, DepthError, DsdmsrError, FileError
from dsdmsr.io import SUFFIXES, check_output, choose_encoding, read_depth, write_depth
from dsdmsr.io.encodings import ENCODINGS, find_encoding
from dsdmsr.io.png import write_png
from dsdmsr.replacing import writing
from dsdmsr.scales import check_scale
from dsdmsr.upscaling import Upscaler
from dsdmsr.upscaling.tiles import Tile, check_tile

__all__ = ["upscale_files"]


def upscale_files(
    inputs: Sequence[str],
    output: Path,
    *,
    scale: int,
    model: str | None,
    encoding: str | None,
    output_encoding: str | None,
    device: str,
    ensemble: int,
    tile: Tile,
    fill: int,
    filled: Path | None,
    overwrite: bool,
    out: Console,
    err: Console,
) -> int:
    """Upscale; return 0, or 1 if some of several files failed.

    One file that fails is an error; of several, those that fail are listed at the end, and the
    rest is written.

    Raises:
        DsdmsrError: If nothing can be done as asked.
    """
    check_scale(scale)
    check_tile(tile)
    if (fill > 0) != (filled is not None):
        raise ConfigError("--fill and --filled go together: what is filled is always marked")
    for name in (encoding, output_encoding):
        if name is not None:
            find_encoding(name)
    jobs = _plan(inputs, output)
    if len(jobs) == 1:
        # Before the network is loaded, which takes a second or two.
        check_output(jobs[0][1], overwrite=overwrite)
        if filled is not None:
            check_output(_marks(filled, jobs[0][0], alone=True), overwrite=overwrite)
        choose_encoding(jobs[0][1], read_depth(jobs[0][0], encoding), output_encoding)
    upscaler = Upscaler.from_pretrained(
        model, scale=scale, device=device, ensemble=ensemble, tile=tile, fill=fill
    )
    failures: list[tuple[Path, DsdmsrError]] = []
    announced: set[str] = set()
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task(f"upscaling ×{scale}", total=len(jobs))
        for number, (source, target) in enumerate(jobs):
            progress.update(task, completed=number)
            try:
                depth = read_depth(source, encoding)
                check_output(target, overwrite=overwrite)
                chosen = choose_encoding(target, depth, output_encoding)
                if filled is not None:
                    marks = check_output(
                        _marks(filled, source, alone=len(jobs) == 1), overwrite=overwrite
                    )
                    if marks.resolve() == target.resolve():
                        raise FileError(f"{marks} is the output, too: give --filled another name")
                shown = partial(_show, progress, task, number)
                large = _enlarge(upscaler, depth, source, shown)
                if filled is not None:
                    _write_marks(marks, upscaler.filled(depth.valid))
                write_depth(target, large, chosen, overwrite=overwrite)
            except DsdmsrError as error:
                if len(jobs) == 1:
                    raise
                failures.append((source, error))
                continue
            guess = depth.encoding
            if encoding is None and guess is not None and guess not in announced:
                announced.add(guess)
                err.print(
                    f"{source}: read as {guess}: {ENCODINGS[guess].meaning}; --encoding changes it",
                    markup=False,
                )
    done = len(jobs) - len(failures)
    out.print(
        f"wrote {jobs[0][1] if len(jobs) == 1 else f'{done} files to {output}'}", markup=False
    )
    for source, failure in failures:
        err.print(f"failed: {source}: {failure}", markup=False)
    return 1 if failures else 0


def _marks(filled: Path, source: Path, *, alone: bool) -> Path:
    """Return where the marks of a file's filled pixels go."""
    if alone and filled.suffix:
        if filled.suffix.lower() != ".png":
            raise FileError(f"{filled} ends in {filled.suffix}: allowed is .png, or a folder")
        return filled
    name = source.stem if source.suffix.lower() == ".png" else source.name
    return filled / f"{name}.png"


def _write_marks(path: Path, marked: NDArray[np.bool_]) -> None:
    with writing(path) as beside:
        write_png(beside, 255 * marked.astype(np.uint8))


def _show(progress: Progress, task: TaskID, before: int, share: float) -> None:
    progress.update(task, completed=before + share)


def _enlarge(
    upscaler: Upscaler, depth: DepthMap, source: Path, progress: Callable[[float], object]
) -> DepthMap:
    """Upscale one map; name its file in what goes wrong."""
    try:
        return upscaler(depth, progress)
    except DepthError as error:
        raise DepthError(f"{source}: {error}") from error
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise
        height, width = depth.shape
        raise FileError(
            f"{source}: not enough memory to make {height}×{width} pixels {upscaler.scale} times "
            "larger: give a smaller --tile or --scale, or cut the map"
        ) from error


def _plan(inputs: Sequence[str], output: Path) -> list[tuple[Path, Path]]:
    """Return (source, target) for every file that the inputs name.

    Raises:
        FileError: If the inputs name no file, or the output does not suit them.
    """
    try:
        jobs = _pair(inputs, output)
        same = [source for source, target in jobs if source.resolve() == target.resolve()]
    except OSError as error:
        raise FileError(f"{error.filename} cannot be read: {error.strerror}") from error
    if same:
        raise FileError(f"{same[0]} would be replaced by its own enlargement: give -o another name")
    return jobs


def _pair(inputs: Sequence[str], output: Path) -> list[tuple[Path, Path]]:
    single_file = len(inputs) == 1 and output.suffix.lower() in SUFFIXES and not output.is_dir()
    if single_file and Path(inputs[0]).is_dir():
        raise FileError(f"{inputs[0]} is a folder and {output} a file name: give -o a folder")
    sources = depth_files(inputs)
    if single_file and len(sources) == 1:
        return [(sources[0], output)]
    one_file = len(inputs) == len(sources) == 1 and not Path(inputs[0]).is_dir()
    if one_file and output.suffix and not output.exists():
        raise FileError(
            f"{output} ends in {output.suffix}: allowed are {', '.join(SUFFIXES)}, or a folder"
        )
    if output.suffix.lower() in SUFFIXES and not output.is_dir():
        raise FileError(f"{len(sources)} inputs, but {output} is one file: give -o a folder")
    if output.is_file():
        raise FileError(f"{output} is a file: give -o a folder")
    doubles = [n for n, count in Counter(p.name for p in sources).items() if count > 1]
    if doubles:
        raise FileError(f"two inputs are called {doubles[0]}: upscale them to folders of their own")
    return [(source, output / source.name) for source in sources]
