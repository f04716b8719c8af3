"""The site's pages: those of docs, and whatever of the repository they link to.

Sphinx wants all pages in one folder. Links from docs to a README, a recipe or a source file become
pages of the site, so that they work wherever it is read, and are checked like all others.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound

__all__ = ["write_pages"]

_LINK = re.compile(r"(?<=\]\()(?P<path>[^)\s#:]+)(?P<anchor>#[^)\s]*)?(?=\))")
_IMAGES = (".png", ".svg")
_OF_DOCS = ("docs/figures", "docs/site")
"""Code beside the pages."""


def write_pages(root: Path, folder: Path, parts: Mapping[str, str]) -> None:
    """Write all pages to a folder.

    Args:
        root: The repository.
        folder: Where the pages go; what is no page any more is removed.
        parts: Name → what stands in place of ``<!-- generated: NAME -->`` in a page.
    """
    waiting = [
        path
        for path in sorted((root / "docs").rglob("*.md"))
        if not path.relative_to(root).as_posix().startswith(_OF_DOCS)
    ]
    written: set[Path] = set()
    while waiting:
        source = waiting.pop()
        place = folder / _place(source.relative_to(root))
        if place in written:
            continue
        written.add(place)
        if source.suffix in _IMAGES:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)
            continue
        text, linked = _page(source, root, parts)
        _write(place, text)
        waiting += linked
    for path in folder.rglob("*"):
        if path.is_file() and path not in written:
            path.unlink()


def _place(path: Path) -> Path:
    """Return where a file of the repository lies among the pages."""
    if path.parts[0] == "docs":
        return path.relative_to("docs")
    place = "repository" / path
    return place if path.suffix in (".md", *_IMAGES) else place.with_name(f"{place.name}.md")


def _page(source: Path, root: Path, parts: Mapping[str, str]) -> tuple[str, list[Path]]:
    """Return a file as a page, with links to pages, and the files that it links to."""
    text = source.read_text(encoding="utf-8")
    if source.suffix == ".ipynb":
        text = _cells(text)
    elif source.suffix != ".md":
        return _listing(source.relative_to(root).as_posix(), text), []
    for name, part in parts.items():
        text = text.replace(f"<!-- generated: {name} -->", part)
    page, linked = _place(source.relative_to(root)), []

    def replaced(link: re.Match[str]) -> str:
        target = (source.parent / link["path"]).resolve()
        # What is no file of the repository is code that looks like a link, or an error of Sphinx.
        if not target.is_file() or not target.is_relative_to(root):
            return link[0]
        linked.append(target)
        place = _place(target.relative_to(root))
        return Path(os.path.relpath(place, page.parent)).as_posix() + (link["anchor"] or "")

    text = _LINK.sub(replaced, text)
    return (_orphan(text) if page.parts[0] == "repository" else text), linked


def _cells(notebook: str) -> str:
    """Return a notebook's cells as Markdown, without what they have printed."""
    cells = ((cell["cell_type"], "".join(cell["source"])) for cell in json.loads(notebook)["cells"])
    return "\n\n".join(
        text if kind == "markdown" else f"```python\n{text}\n```" for kind, text in cells
    )


def _listing(name: str, text: str) -> str:
    """Return a page that shows a source file."""
    try:
        language = get_lexer_for_filename(name).aliases[0]
    except ClassNotFound:
        language = "text"
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return _orphan(
        f"# {Path(name).name}\n\n`{name}`\n\n{fence}{language}\n{text.rstrip()}\n{fence}\n"
    )


def _orphan(text: str) -> str:
    """Return a page that need not be in the navigation."""
    head, rest = ("---\n", text[4:]) if text.startswith("---\n") else ("---\n", f"---\n{text}")
    return f"{head}orphan: true\n{rest}"


def _write(place: Path, text: str) -> None:
    """Write a page, unless it is there already: Sphinx reads again what is newer."""
    if not place.exists() or place.read_text(encoding="utf-8") != text:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
