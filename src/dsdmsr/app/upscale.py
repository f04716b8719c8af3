"""The command that upscales depth files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dsdmsr.app.console import print_remark, print_result, progress_bar
from dsdmsr.app.files import Job, plan_jobs
from dsdmsr.app.options import flattened
from dsdmsr.app.upscale_many import remarks, upscale_many
from dsdmsr.errors import ConfigError
from dsdmsr.upscaling.files import upscale_file
from dsdmsr.upscaling.memory import keep_memory
from dsdmsr.upscaling.options import UpscaleOptions

__all__ = ["upscale"]

flattened(UpscaleOptions)


def upscale(
    inputs: Annotated[list[str], Parameter(name="IN")],
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    options: UpscaleOptions | None = None,
) -> int:
    """Run `dsdmsr upscale`; return 0, or 1 if some of several files failed.

    Args:
        inputs: Depth files, folders of them, or patterns such as 'frames/*.png'.
        output: A file name for one input; otherwise a folder, created if missing.
        options: See `UpscaleOptions`.

    Raises:
        DsdmsrError: If nothing can be done as asked.
    """
    options = options or UpscaleOptions()
    jobs = plan_jobs(inputs, output, options)
    keep_memory()
    if len(jobs) > 1:
        return upscale_many(jobs, output, options)
    if options.temporal:
        raise ConfigError("--temporal needs a sequence: give a folder or a pattern of frames")
    _upscale_one(jobs[0])
    return 0


def _upscale_one(job: Job) -> None:
    if job.options.resume and job.is_done():
        print_result(f"kept {job.target}, which exists")
        return
    with progress_bar("upscaling") as show:
        result = upscale_file(*job, progress=show)
    for line in remarks(result, job.options):
        print_remark(f"{job.source}: {line}")
    print_result(f"wrote {job.target}")
