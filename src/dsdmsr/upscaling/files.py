"""Upscaling of depth files: one file read, upscaled, converted and written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dsdmsr._atomic import writing
from dsdmsr.depth.convert import to_kind
from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.estimate import looks_noisy
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import DepthError, FileError
from dsdmsr.io import (
    check_output,
    check_picture_output,
    choose_encoding,
    default_encoding,
    left_out,
    split_member,
    write_bands,
)
from dsdmsr.io.png import write_png
from dsdmsr.upscaling.auto import Choice
from dsdmsr.upscaling.options import MapOptions, UpscaleOptions
from dsdmsr.upscaling.rows import empty_map
from dsdmsr.upscaling.sizes import Goal
from dsdmsr.upscaling.upscaler import Upscaler
from dsdmsr.zoo.names import DEFAULT_MODEL

if TYPE_CHECKING:
    from dsdmsr.pictures.preview import ContactSheet
    from dsdmsr.upscaling.temporal import TemporalFilter

__all__ = ["Upscaled", "upscale_file", "write_upscaled"]


class Upscaled(NamedTuple):
    """A file that was upscaled."""

    depth: DepthMap
    """The map that was read."""
    encoding: str | Encoding
    """The encoding that its result was written in."""
    left_out: tuple[str, ...] = ()
    """What the output's format doesn't hold of what the file said, a line each."""
    choice: Choice | None = None
    """Which network and weights enlarged it."""


def upscale_file(
    source: Path,
    target: Path,
    options: UpscaleOptions,
    *,
    upscaler: Upscaler | None = None,
    steady: TemporalFilter | None = None,
    keep_empty: bool = False,
    progress: Callable[[float], object] | None = None,
    sheet: ContactSheet | None = None,
) -> Upscaled:
    """Upscale a depth file; each output is written whole or not at all.

    Args:
        source: A depth file.
        target: The output file; its suffix decides the format.
        options: Its options; `filled`, `confidence` and `preview` are files.
        upscaler: One for many files. Default: `Upscaler.from_options`.
        steady: The filter of a sequence whose next frame this is.
        keep_empty: Whether a map without a valid pixel becomes a larger one without any, as
            sequences need it; otherwise it is an error.
        progress: Called after each tile with the share of the map that is done.
        sheet: The previews of several files, to which this file's is added while there is room.

    Raises:
        FileError: If a file cannot be read or written, or memory doesn't suffice.
        DsdmsrError: If the map cannot be upscaled as asked.
    """
    _check_outputs(target, options)
    if options.preview is not None:
        check_picture_output(options.preview, overwrite=options.overwrite)
    depth = options.stereo.apply(options.reading.read(source))
    # Checked before the network is loaded and run.
    encoding = _output_encoding(depth, target, options)
    upscaler = upscaler or Upscaler.from_options(options)
    goal = upscaler.size.goal(*depth.shape)
    with _naming(source, goal), _showing(source, depth, goal, options, sheet) as keep:
        choice = upscaler.choice_for(depth)
        if keep_empty and not depth.valid.any():
            bands = iter([empty_map(depth, goal, errors=options.confidence is not None)])
        else:
            bands = _bands(upscaler, depth, options, steady, progress)
        if keep is not None:
            bands = map(keep, bands)
        _write(target, goal, bands, encoding, options, upscaler, depth, choice)
    lost = tuple(left_out(target, depth.metadata))
    return Upscaled(depth, encoding, lost, choice)


def write_upscaled(
    target: Path,
    upscaled: DepthMap,
    depth: DepthMap,
    options: MapOptions,
    *,
    upscaler: Upscaler,
    choice: Choice | None = None,
) -> Upscaled:
    """Write a map that was upscaled, as `upscale_file` does; whole or not at all.

    Args:
        target: The output file; its suffix decides the format.
        upscaled: The larger map; with `confidence`, with its `error`.
        depth: The map that it was upscaled from.
        options: Its options; `filled` and `confidence` are files.
        upscaler: What has upscaled it.
        choice: Which network and weights it has taken, if that was chosen.

    Raises:
        FileError: If a file cannot be written.
    """
    _check_outputs(target, options)
    encoding = _output_encoding(depth, target, options)
    goal = upscaler.size.goal(*depth.shape)
    _write(target, goal, iter([upscaled]), encoding, options, upscaler, depth, choice)
    return Upscaled(depth, encoding, tuple(left_out(target, depth.metadata)), choice)


@contextmanager
def _naming(source: Path, goal: Goal) -> Iterator[None]:
    """Name the file in errors, and turn a lack of memory into one."""
    try:
        yield
    except DepthError as error:
        raise DepthError(f"{source}: {error}") from error
    except (MemoryError, RuntimeError) as error:
        # torch reports a lack of memory as a RuntimeError.
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise
        raise FileError(
            f"{source}: not enough memory to upscale to {goal.height}×{goal.width} pixels: give a "
            "smaller --tile, write .npy or .tif, or cut the map"
        ) from error


def _check_outputs(target: Path, options: MapOptions) -> None:
    for path in (target, options.filled):
        if path is not None:
            check_output(path, overwrite=options.overwrite)
    if options.confidence is not None:
        from dsdmsr.io.error_files import check_error_output

        check_error_output(options.confidence, overwrite=options.overwrite)


def _output_encoding(depth: DepthMap, target: Path, options: MapOptions) -> str | Encoding:
    if options.to_kind is None or options.to_kind == depth.kind:
        return choose_encoding(target, depth, options.output_encoding)
    converted = to_kind(depth, options.to_kind)
    encoding = options.output_encoding or default_encoding(target, converted)
    return choose_encoding(target, converted, encoding)


def _bands(
    upscaler: Upscaler,
    depth: DepthMap,
    options: UpscaleOptions,
    steady: TemporalFilter | None,
    progress: Callable[[float], object] | None,
) -> Iterator[DepthMap]:
    """Return the upscaled map in bands; a frame of a sequence is one band."""
    if steady is None:
        return upscaler.bands(depth, errors=options.confidence is not None, progress=progress)
    frame = upscaler(depth, errors=True, progress=progress)
    return iter([steady(frame, noisy=looks_noisy(depth.values, depth.valid))])


@contextmanager
def _showing(
    source: Path,
    depth: DepthMap,
    goal: Goal,
    options: UpscaleOptions,
    sheet: ContactSheet | None,
) -> Iterator[Callable[[DepthMap], DepthMap] | None]:
    """Yield what takes bands for a preview, if one is asked for; it is put in place after them."""
    if options.preview is None and (sheet is None or sheet.full):
        yield None
        return
    from dsdmsr.pictures.comparison import Comparison
    from dsdmsr.pictures.preview import picture_of

    file, member = split_member(source)
    name = file.name if member is None else f"{file.name}#{member}"
    shape = goal.height, goal.width
    shown = Comparison(name, depth, shape, goal.phase, in_sheet=sheet is not None)
    with ExitStack() as stack:
        beside = (
            None
            if options.preview is None
            else stack.enter_context(writing(options.preview, overwrite=options.overwrite))
        )
        yield shown.keep
        strip = shown.strip()
        if sheet is not None:
            sheet.add(strip)
        if beside is not None:
            picture_of(strip).save(beside, format="PNG")


def _write(
    target: Path,
    goal: Goal,
    bands: Iterator[DepthMap],
    encoding: str | Encoding,
    options: MapOptions,
    upscaler: Upscaler,
    depth: DepthMap,
    choice: Choice | None,
) -> None:
    """Write the bands, and what belongs to them: that is put in place after them."""
    shape, overwrite = (goal.height, goal.width), options.overwrite
    with ExitStack() as stack:
        if options.filled is not None:
            path = stack.enter_context(writing(options.filled, overwrite=overwrite))
            marks = upscaler.filled(depth.valid) if depth.valid.any() else np.zeros(shape, np.bool_)
            write_png(path, 255 * marks.view(np.uint8))
        if options.confidence is not None:
            from dsdmsr.io.error_files import error_writer

            network = (options.model or DEFAULT_MODEL) if choice is None else choice.network
            writer = error_writer(
                options.confidence, shape, predicted_by=network, overwrite=overwrite
            )
            bands = map(stack.enter_context(writer), bands)
        if options.to_kind is not None:
            kind = options.to_kind
            bands = (to_kind(band, kind) for band in bands)
        write_bands(target, shape, bands, encoding, overwrite=overwrite)
