"""What pages take from the program and the README: commands, the house, sections."""

from __future__ import annotations

import ast
import re
import tomllib
from html import escape
from pathlib import Path

from dsdmsr.app.cli import app

__all__ = ["mark_options", "parts"]

_OF_README = ("Which network for what", "FAQ")
"""Sections of the README that pages show, too."""
_OPTION = re.compile(r"`[^`]*`|(?<![\w-])--[a-z][a-z-]*")
"""Code, which stays, or an option."""


def parts(root: Path) -> dict[str, str]:
    """Return name → what stands in place of ``<!-- generated: NAME -->`` in a page of docs."""
    sections = {f"readme: {name}": section(root, name) for name in _OF_README}
    return {"commands": commands(), "house": house(root), **sections}


def section(root: Path, name: str) -> str:
    """Return a section of the README, with links as in docs."""
    text = (root / "README.md").read_text(encoding="utf-8")
    inner = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0].strip()
    return re.sub(r"\]\((?!http)([^)]+)\)", r"](../\1)", inner).replace("](../docs/", "](")


def commands() -> str:
    """Return all commands' help as Markdown, from their declarations."""
    text = app.generate_docs(output_format="markdown")
    # What comes before the first command lists them, as the page's own contents do.
    return mark_options(text[text.index(f"## {app.name[0]} ") :])


def mark_options(text: str) -> str:
    """Return help or a docstring with options as code, whose hyphens stay two."""
    return _OPTION.sub(lambda found: found[0] if found[0][0] == "`" else f"`{found[0]}`", text)


def house(root: Path) -> str:
    """Return the rooms as HTML, from the import contracts: a row imports rows below it alone."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {each["name"]: each for each in project["tool"]["importlinter"]["contracts"]}
    light = {
        name.removeprefix("dsdmsr.")
        for name in contracts["Light rooms need no torch"]["source_modules"]
    }
    rows = []
    for layer in contracts["Imports run down the house"]["layers"]:
        rooms = "".join(
            f'<div class="room{" light" if name in light else ""}"><code>{name}</code> '
            f"{_first_line(root / 'src' / 'dsdmsr', name)}</div>"
            for name in layer.split(" | ")
        )
        rows.append(f"<li>{rooms}</li>")
    return f'<ol class="house">{"".join(rows)}</ol>'


def _first_line(package: Path, name: str) -> str:
    """Return what a room or module says that it holds, as HTML."""
    path = package / name / "__init__.py"
    text = (path if path.exists() else package / f"{name}.py").read_text(encoding="utf-8")
    line = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0].rstrip(".")
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(line))
