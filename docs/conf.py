"""Sphinx's settings. `python -m docs.site` builds the site: it collects the pages first."""

from __future__ import annotations

import re
from importlib.metadata import version as installed
from typing import Any

from docs.site.generated import mark_options

project = "dsdmsr"
copyright = "the dsdmsr authors"
version = release = installed("dsdmsr")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
myst_heading_anchors = 4
# Docstrings mark code as Markdown does.
default_role = "literal"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_type_aliases = {name: name for name in ("ArrayLike", "Kind", "NDArray", "Unit")}
maximum_signature_line_length = 80

html_theme = "furo"
html_title = "dsdmsr"
html_static_path = ["site/static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_show_sourcelink = False
html_copy_source = False


def _mark_options(*given: Any) -> None:
    """Have options in docstrings be code."""
    lines = given[-1]
    lines[:] = [mark_options(line) for line in lines]


def _name_aliases(*given: Any) -> tuple[str, str | None]:
    """Return a signature with the names of aliases alone."""
    signature, returned = (
        each and re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", each) for each in given[-2:]
    )
    return signature, returned


def setup(app: Any) -> None:
    """Connect what changes docstrings and signatures."""
    app.connect("autodoc-process-docstring", _mark_options)
    app.connect("autodoc-process-signature", _name_aliases)
