"""The command that upscales depth files."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from dsdmsr.app.console import print_remark, print_result, progress_bar
from dsdmsr.app.files import Job, plan_jobs
from dsdmsr.app.options import flattened
from dsdmsr.app.outputs import Outputs
from dsdmsr.app.standard_streams import stdin_as_file, stdout_as_file
from dsdmsr.app.upscale_files import upscale_files
from dsdmsr.errors import ConfigError
from dsdmsr.upscaling.files import upscale_file
from dsdmsr.upscaling.memory import keep_memory
from dsdmsr.upscaling.options import UpscaleOptions
from dsdmsr.upscaling.remarks import remarks

__all__ = ["upscale"]

flattened(UpscaleOptions)


def upscale(
    inputs: Annotated[list[str], Parameter(name="IN")],
    /,
    *,
    outputs: Outputs | None = None,
    options: UpscaleOptions | None = None,
) -> int:
    """Run `dsdmsr upscale`; return 0, or 1 if some of several files failed.

    Args:
        inputs: Depth files, folders of them, or patterns such as 'frames/*.png'; - is standard
            input.
        outputs: See `Outputs`.
        options: See `UpscaleOptions`.

    Raises:
        DsdmsrError: If nothing can be done as asked.
    """
    outputs, options = outputs or Outputs(), options or UpscaleOptions()
    with stdin_as_file(inputs) as paths:
        jobs = plan_jobs(paths, outputs, options)
        keep_memory()
        if len(jobs) > 1:
            return upscale_files(jobs, outputs.path, options)
        if options.temporal:
            raise ConfigError("--temporal needs a sequence: give a folder or a pattern of frames")
        if outputs.to_stdout:
            with stdout_as_file(jobs[0].target.suffix) as path:
                _upscale_one(jobs[0]._replace(target=path))
            return 0
        if options.resume and jobs[0].is_done():
            print_result(f"kept {jobs[0].target}, which exists")
            return 0
        _upscale_one(jobs[0])
        print_result(f"wrote {jobs[0].target}")
    return 0


def _upscale_one(job: Job) -> None:
    with progress_bar("upscaling") as show:
        result = upscale_file(*job, progress=show)
    for line in remarks(result, job.options):
        print_remark(f"{job.source}: {line}")
