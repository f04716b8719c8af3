"""Build the documentation site: python -m docs.site [FOLDER].

Warnings are errors, and so are links that lead nowhere.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.cmd.build import build_main

from docs.site.generated import parts
from docs.site.pages import write_pages

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Write the pages, and build the site from them."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"
    write_pages(ROOT, folder / "pages", parts(ROOT))
    settings = ["-q", "-W", "--keep-going", "-c", str(ROOT / "docs"), "-d", str(folder / "trees")]
    code = build_main([*settings, str(folder / "pages"), str(folder / "html")])
    if code == 0:
        print(f"wrote {folder / 'html' / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
