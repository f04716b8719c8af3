"""The command that writes a depth map to try things with."""

from __future__ import annotations

from pathlib import Path

from dsdmsr.app.console import print_result
from dsdmsr.errors import needing
from dsdmsr.io import check_output, write_depth
from dsdmsr.io.sample import sample as packaged_sample

__all__ = ["sample"]


def sample(folder: Path, /, *, seed: int | None = None, overwrite: bool = False) -> int:
    """Run `dsdmsr sample`.

    Args:
        folder: The output folder; created if missing.
        seed: Render another scene, by number; needs torch. Default: the packaged scene.
        overwrite: Replace existing files.

    Raises:
        ConfigError: If `seed` is out of range.
        DependencyError: If `seed` is given, and torch is not installed.
        FileError: If a file exists and `overwrite` is false, or the folder can't be written.
    """
    if seed is None:
        lr_depth, hr_depth = packaged_sample()
    else:
        with needing("dsdmsr sample --seed"):
            from dsdmsr.data.scenes.rendered import render_sample

        hr_depth, lr_depth = render_sample(seed)
    files = {folder / "lr_depth.png": lr_depth, folder / "hr_depth.png": hr_depth}
    for path in files:
        check_output(path, overwrite=overwrite)
    for path, depth in files.items():
        write_depth(path, depth, overwrite=overwrite)
        print_result(f"wrote {path}")
    return 0
