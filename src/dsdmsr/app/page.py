"""The command that writes the browser page: one HTML file that upscales depth maps by itself."""

from __future__ import annotations

import base64
import json
import lzma
import webbrowser
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from dsdmsr._atomic import writing
from dsdmsr.app.console import print_result
from dsdmsr.errors import FileError
from dsdmsr.zoo.names import folder_of

__all__ = ["page", "page_html"]

_MODEL = "dsdmsr-fast"
_SUFFIXES = (".html", ".htm")
_COMPRESSION = 9


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
    if output.suffix.lower() not in _SUFFIXES:
        raise FileError(
            f"{output} ends in {output.suffix or 'no suffix'}: allowed are "
            f"{' and '.join(_SUFFIXES)}"
        )
    if output.exists() and not overwrite:
        raise FileError(f"{output} exists: give another name, or --overwrite")
    text = page_html()
    with writing(output, overwrite=overwrite) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")
    print_result(f"wrote {output}, {output.stat().st_size / 1e6:.1f} MB")
    if open_page:
        webbrowser.open(output.resolve().as_uri())
    return 0


def page_html() -> str:
    """Return the page: its template with runtime, network, samples and colours put into it.

    The package holds each of them once, so that the page always has the packaged weights.
    """
    template = _built("template.html").read_text(encoding="utf-8")
    parts = {"facts": json.dumps(_facts()), "files": json.dumps(_files())}
    for name, text in parts.items():
        template = template.replace("{{page:" + name + "}}", text.replace("</", "<\\/"))
    return template


def _facts() -> dict[str, Any]:
    """Return what the page says and shows, beside its files."""
    from dsdmsr.pictures.colours import EVEN, HEAT, INVALID

    return {
        "version": version("dsdmsr"),
        "model": _MODEL,
        "colours": {"values": EVEN.tolist(), "errors": HEAT.tolist(), "invalid": INVALID},
    }


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
    return {name: _packed(content) for name, content in files.items()}


def _built(name: str) -> Traversable:
    """Return a file that `web/build.mjs` has built."""
    return resources.files("dsdmsr.app") / "page_files" / name


def _unpacked(name: str) -> bytes:
    return lzma.decompress(_built(name).read_bytes())


def _packed(content: bytes) -> str:
    """Return content as browsers unpack it by themselves."""
    from deflate import gzip_compress

    return base64.b64encode(gzip_compress(content, _COMPRESSION)).decode("ascii")
