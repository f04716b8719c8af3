"""The build of the site."""

from __future__ import annotations

from pathlib import Path

from sphinx.cmd.build import build_main

from docs.site.generated import parts
from docs.site.pages import write_pages

__all__ = ["build"]


def build(root: Path, folder: Path) -> int:
    """Write the pages, and build the site from them; return 0 if nothing is wrong.

    Args:
        root: The repository.
        folder: Where the site goes, in html; its pages and what Sphinx keeps go beside it.
    """
    write_pages(root, folder / "pages", parts(root))
    settings = ["-q", "-W", "--keep-going", "-c", str(root / "docs"), "-d", str(folder / "trees")]
    return build_main([*settings, str(folder / "pages"), str(folder / "html")])
