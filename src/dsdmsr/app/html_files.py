"""HTML files that hold all that they show: the templates of `web/build.mjs`, filled."""

from __future__ import annotations

import base64
import html
import json
import re
import webbrowser
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from dsdmsr._atomic import writing

__all__ = ["SUFFIXES", "built", "colours", "filled", "open_in_browser", "packed", "write_html"]

SUFFIXES = (".html", ".htm")
_COMPRESSION = 9


def built(name: str) -> Traversable:
    """Return a file that `web/build.mjs` has built."""
    return resources.files("dsdmsr.app") / "page_files" / name


def filled(name: str, *, texts: Mapping[str, str], data: Mapping[str, object]) -> str:
    """Return a template with the parts that it names as ``{{page:NAME}}``.

    Args:
        name: The template's file name.
        texts: Parts that are shown.
        data: Parts that its scripts read, as JSON.
    """
    parts = {key: html.escape(text) for key, text in texts.items()}
    # A script element ends at the first </script, wherever that is, and <!-- hides that.
    parts |= {key: json.dumps(value).replace("<", "\\u003c") for key, value in data.items()}
    template = built(name).read_text(encoding="utf-8")
    return re.sub(r"\{\{page:(\w+)\}\}", lambda found: parts[found[1]], template)


def packed(content: bytes) -> str:
    """Return content as browsers unpack it by themselves: base64 of gzip."""
    from deflate import gzip_compress

    return base64.b64encode(gzip_compress(content, _COMPRESSION)).decode("ascii")


def colours() -> dict[str, object]:
    """Return the colours of values, errors and holes, as the scripts take them."""
    from dsdmsr.pictures.colours import EVEN, HEAT, INVALID

    return {"values": EVEN.tolist(), "errors": HEAT.tolist(), "invalid": INVALID}


def write_html(path: Path, text: str, *, overwrite: bool) -> None:
    """Write an HTML file, whole or not at all.

    Raises:
        FileError: If it exists and `overwrite` is false, or cannot be written.
    """
    with writing(path, overwrite=overwrite) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def open_in_browser(path: Path) -> None:
    """Show a file in the browser."""
    webbrowser.open(path.resolve().as_uri())
