"""The commands that prepare data sets."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from cyclopts import App

from dsdmsr.app.console import error_console, print_remark, print_result, progress_lines
from dsdmsr.app.options import flattened
from dsdmsr.app.parsing import parameters
from dsdmsr.data.prepare.options import (
    DTUOptions,
    FolderOptions,
    MiddleburyOptions,
    NYUOptions,
    PrepareOptions,
    SyntheticOptions,
)
from dsdmsr.data.prepared.splits import SPLITS
from dsdmsr.data.sources.source import Source

__all__ = ["prepare"]

_LISTED_MAX = 20

prepare = App(name="prepare", group_parameters=parameters())
for _options in (DTUOptions, MiddleburyOptions, NYUOptions, FolderOptions, SyntheticOptions):
    flattened(_options)


@prepare.command(help="Prepare DTU's depth maps, split by scan as MVSNet does.")
def dtu(source: Path, folder: Path, /, *, options: DTUOptions = DTUOptions()) -> int:  # noqa: B008
    """Run `dsdmsr prepare dtu`.

    Args:
        source: The folder with scanN/depth_map_*.pfm, or with Depths_raw or Depths.
        folder: The output folder, new or empty.
        options: See `DTUOptions`.
    """
    return _prepare(options.source(source), folder, options)


@prepare.command(
    help="Prepare Middlebury's disparity maps of 2001 to 2021 as shards.\n\n"
    "All views and sizes of a scene are in one split. The scenes that super-resolution is measured "
    "on are for testing: art, books, cones, dolls, laundry, moebius, reindeer, teddy, tsukuba, "
    "venus."
)
def middlebury(
    source: Path,
    folder: Path,
    /,
    *,
    options: MiddleburyOptions = MiddleburyOptions(),  # noqa: B008
) -> int:
    """Run `dsdmsr prepare middlebury`.

    Args:
        source: A folder with the sets in it, at any depth.
        folder: The output folder, new or empty.
        options: See `MiddleburyOptions`.
    """
    return _prepare(options.source(source), folder, options)


@prepare.command(help="Prepare NYU Depth v2 as shards, split by room.")
def nyu(source: Path, folder: Path, /, *, options: NYUOptions = NYUOptions()) -> int:  # noqa: B008
    """Run `dsdmsr prepare nyu`.

    Args:
        source: nyu_depth_v2_labeled.mat, or a folder of PNG files in millimetres, one folder a
            room.
        folder: The output folder, new or empty.
        options: See `NYUOptions`.
    """
    return _prepare(options.source(source), folder, options)


@prepare.command(
    help="Prepare any depth files as shards: those in a folder and in the folders in it."
)
def folder(
    source: Path,
    folder: Path,
    /,
    *,
    options: FolderOptions = FolderOptions(),  # noqa: B008
) -> int:
    """Run `dsdmsr prepare folder`.

    Args:
        source: The folder.
        folder: The output folder, new or empty.
        options: See `FolderOptions`.
    """
    return _prepare(options.source(source), folder, options)


@prepare.command(
    help="Render scenes as depth maps in metres, to share or to train from, as shards."
)
def synthetic(folder: Path, /, *, options: SyntheticOptions) -> int:
    """Run `dsdmsr prepare synthetic`.

    Args:
        folder: The output folder, new or empty.
        options: See `SyntheticOptions`.
    """
    return _prepare(options.source(), folder, options)


def _prepare(source: Source, folder: Path, options: PrepareOptions) -> int:
    """Prepare a set; return 0, or 1 if some of its maps failed, which are listed."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=error_console(),
        transient=True,
    )
    show_line = progress_lines(f"preparing {source.name}")
    shown = error_console().is_terminal
    # Even a disabled bar prints an empty line in rich before 14.3.
    with bar if shown else nullcontext():
        task = bar.add_task(f"preparing {source.name}", total=None)

        def show(done: int, total: int | None) -> None:
            if shown:
                bar.update(task, completed=done, total=total)
            else:
                show_line(done, total)

        outcome = options.prepare(source, folder, show)
    counts = ", ".join(f"{outcome.counts[split]} {split}" for split in SPLITS)
    print_result(f"wrote {sum(outcome.counts.values())} maps to {folder}: {counts}")
    for origin, reason in outcome.failures[:_LISTED_MAX]:
        line = reason if origin in reason else f"{origin}: {reason}"
        print_remark(f"failed: {line}")
    if len(outcome.failures) > _LISTED_MAX:
        more = len(outcome.failures) - _LISTED_MAX
        print_remark(f"and {more} more: see {folder / 'manifest.json'}")
    if outcome.failures:
        print_remark("repair them and continue with --resume")
    return 1 if outcome.failures else 0
