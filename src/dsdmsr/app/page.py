"""The command that writes the browser page: one HTML file that upscales depth maps by itself."""

from __future__ import annotations

import lzma
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from dsdmsr.app.console import print_result
from dsdmsr.app.html_files import (
    SUFFIXES,
    built,
    colours,
    filled,
    open_in_browser,
    packed,
    write_html,
)
from dsdmsr.errors import FileError
from dsdmsr.zoo.names import folder_of

__all__ = ["page", "page_html"]

_MODEL = "dsdmsr-fast"


def page(
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("page.html"),
    open_page: Annotated[bool, Parameter(name="--open")] = False,
    overwrite: bool = False,
) -> int:
    """Run `dsdmsr page`.

    Args:
        output: The HTML file.
        open_page: Show it in the browser.
        overwrite: Replace an existing file.

    Raises:
        FileError: If the file exists and `overwrite` is false, or cannot be written.
    """
    if output.suffix.lower() not in SUFFIXES:
        raise FileError(
            f"{output} ends in {output.suffix or 'no suffix'}: allowed are {' and '.join(SUFFIXES)}"
        )
    if output.exists() and not overwrite:
        raise FileError(f"{output} exists: give another name, or --overwrite")
    write_html(output, page_html(), overwrite=overwrite)
    print_result(f"wrote {output}, {output.stat().st_size / 1e6:.1f} MB")
    if open_page:
        open_in_browser(output)
    return 0


def page_html() -> str:
    """Return the page: its template with runtime, network, samples and colours put into it.

    The package holds each of them once, so that the page always has the packaged weights.
    """
    return filled(
        "template.html",
        texts={"version": version("dsdmsr"), "model": _MODEL},
        data={"facts": {"colours": colours()}, "files": _files()},
    )


def _files() -> dict[str, str]:
    """Return the page's files by name, as base64 of gzip."""
    network = [path for path in sorted(folder_of(_MODEL).iterdir()) if path.suffix != ".md"]
    samples = resources.files("dsdmsr.io.sample")
    depth = resources.files("dsdmsr.depth")
    files = {
        **{f"network/{path.name}": path.read_bytes() for path in network},
        "find_degradation.npy": (depth / "find_degradation.npy").read_bytes(),
        **{n: (samples / n).read_bytes() for n in ("lr_depth.png", "hr_depth.png")},
        **{n: _unpacked(f"{n}.xz") for n in ("runtime.wasm", "licences.txt")},
    }
    return {name: packed(content) for name, content in files.items()}


def _unpacked(name: str) -> bytes:
    return lzma.decompress(built(name).read_bytes())
