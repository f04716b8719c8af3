"""Sphinx's settings. `python -m docs.site` builds the site: it collects the pages first."""

from importlib.metadata import version as installed

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
# Two hyphens begin an option.
smartquotes = False
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
