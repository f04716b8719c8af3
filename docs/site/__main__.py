"""Build the documentation site: python -m docs.site [FOLDER].

Warnings are errors, and so are links that lead nowhere.
"""

from __future__ import annotations

import sys
from pathlib import Path

from docs.site.build import build

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Build the site in the folder that the command line names, by default build/site."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"
    code = build(ROOT, folder)
    if code == 0:
        print(f"wrote {folder / 'html' / 'index.html'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
