"""Upscaling of many files: progress, failures that are collected, and remarks said once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dsdmsr.app.console import print_remark, print_result, progress_bar
from dsdmsr.app.files import Job
from dsdmsr.app.previews import contact_sheet, write_sheet
from dsdmsr.errors import DsdmsrError, OutputExistsError
from dsdmsr.io.patterns import frame_order
from dsdmsr.upscaling.files import upscale_file
from dsdmsr.upscaling.options import UpscaleOptions
from dsdmsr.upscaling.remarks import remarks
from dsdmsr.upscaling.upscaler import Upscaler

if TYPE_CHECKING:
    from dsdmsr.pictures.preview import ContactSheet

__all__ = ["upscale_files"]

_NAMED_MAX = 5


def upscale_files(jobs: Sequence[Job], output: Path, options: UpscaleOptions) -> int:
    """Upscale files; print the failures at the end, and return 1 if there are any.

    Raises:
        DsdmsrError: If nothing can be done as asked.
    """
    sheet = None
    if options.preview is not None:
        sheet = contact_sheet(options.preview, overwrite=options.overwrite)
    if options.temporal:
        jobs = sorted(jobs, key=lambda job: frame_order(job.source))
    left = [job for job in jobs if not (options.resume and job.is_done())]
    failures, blank, others = _upscale_all(left, options, sheet) if left else ([], [], 0)
    kept = len(jobs) - len(left) + others
    written = len(jobs) - kept - len(failures)
    existed = f"; {kept} existed" if kept else ""
    empty = f"; {len(blank)} of them empty" if blank else ""
    print_result(f"wrote {written} files to {output}{empty}{existed}")
    if blank:
        more = ", …" if len(blank) > _NAMED_MAX else ""
        names = ", ".join(str(source) for source in blank[:_NAMED_MAX])
        print_remark(f"no pixel is valid in {names}{more}: written empty, so that none is missing")
    for source, failure in failures:
        print_remark(f"failed: {source}: {failure}")
    if sheet is not None and options.preview is not None:
        write_sheet(sheet, options.preview, written, overwrite=options.overwrite)
    return 1 if failures else 0


def _upscale_all(
    jobs: Sequence[Job], options: UpscaleOptions, sheet: ContactSheet | None
) -> tuple[list[tuple[Path, DsdmsrError]], list[Path], int]:
    """Upscale file after file with one network.

    Returns:
        The failures, the empty frames, and how many files another run has written by their turn.
    """
    from dsdmsr.upscaling.temporal import TemporalFilter

    upscaler = Upscaler.from_options(options)
    steady = TemporalFilter() if options.temporal else None
    if steady is not None:
        upscaler.begin_sequence()
    failures: list[tuple[Path, DsdmsrError]] = []
    blank: list[Path] = []
    others = 0
    printed: set[str] = set()
    with progress_bar("upscaling", total=len(jobs)) as show_done:
        for number, job in enumerate(jobs):

            def show(share: float, done: int = number) -> None:
                show_done(done + share)

            show(0)
            if (
                steady is not None
                and number
                and job.source.parent != jobs[number - 1].source.parent
            ):
                steady = TemporalFilter()
                upscaler.begin_sequence()
            try:
                if options.resume and job.is_done():
                    others += 1
                    continue
                result = upscale_file(
                    *job,
                    upscaler=upscaler,
                    steady=steady,
                    keep_empty=True,
                    progress=show,
                    sheet=sheet,
                )
            except DsdmsrError as error:
                if options.resume and isinstance(error, OutputExistsError):
                    others += 1
                else:
                    failures.append((job.source, error))
                continue
            except Exception as error:  # one file's fault is not the end of the others
                failures.append((job.source, DsdmsrError(f"{type(error).__name__}: {error}")))
                continue
            if not result.depth.valid.any():
                blank.append(job.source)
            for line in remarks(result, options):
                if line not in printed:
                    print_remark(f"{job.source}: {line}")
                printed.add(line)
    return failures, blank, others
