"""Which files of other libraries we read, and which of ours they read: a matrix.

Each library writes what it can write, which is read here, and reads what is written here, in
environments that the command builds: it takes some minutes, pip and npm. Those whose libraries
`.[dev]` installs are tests, too. The recipes of the documents run where their programs are. What
came out differently than in the results file is printed, and ends with exit code 1 under --check.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.common.options import options
from benchmarks.common.results import load_results, save_results
from tools.interop.environments import ENVIRONMENTS, HERE, Environment
from tools.interop.libraries import LIBRARIES
from tools.interop.matrix import Cell, read_cells, write_cells, write_ours
from tools.interop.worker import INDEX

__all__ = ["cells_of", "changed"]

RESULTS = "interop"


def cells_of(name: str, folder: Path, environment: Environment = HERE) -> dict[str, Any]:
    """Return a library's version, and its cells in both directions.

    Args:
        name: The library.
        folder: Where its environment is.
        environment: Its environment.
    """
    library = LIBRARIES[name]
    with tempfile.TemporaryDirectory() as place:
        written, read, ours = (Path(place, part) for part in ("written", "read", "ours"))
        for each in (written, read, ours):
            each.mkdir()
        write_ours(ours)
        environment.write(library, folder, written)
        environment.read(library, folder, read, ours)
        index = json.loads((read / INDEX).read_text())
        return {
            "version": index.get("version") or _pinned(environment, library.distribution),
            "environment": environment.name,
            "written": [_plain(cell) for cell in write_cells(library, written)],
            "read": [_plain(cell) for cell in read_cells(library, read, ours)],
        }


def _pinned(environment: Environment, package: str) -> str:
    pins = dict(pin.split("@") for pin in environment.packages)
    return pins[package]


def _plain(cell: Cell) -> dict[str, str]:
    return {key: value for key, value in dataclasses.asdict(cell).items() if key != "library"}


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return in lines which outcomes of a library's cells are others than they were."""
    lines = []
    for way in ("written", "read"):
        old, new = (_outcomes(each.get(way, ())) for each in (before, after))
        lines += [
            f"{way}, {' '.join(key).strip()}: {old.get(key, 'nothing')} before, now "
            f"{new.get(key, 'nothing')}"
            for key in sorted(old.keys() | new.keys())
            if old.get(key) != new.get(key)
        ]
    return lines


def _outcomes(cells: list[dict[str, str]]) -> dict[tuple[str, ...], str]:
    return {(cell["suffix"], cell["dtype"], cell["form"]): cell["outcome"] for cell in cells}


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("--folder", type=Path, default=Path("runs/interop"), help="environments")
    parser.add_argument("--only", nargs="*", help="environments; of others, what is known is kept")
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    folder = given.folder.resolve()
    try:
        results = load_results(RESULTS)
    except FileNotFoundError:
        results = {"libraries": {}, "recipes": {}}
    before, recipes = results["libraries"], results["recipes"]
    found = {name: about for name, about in before.items() if name in LIBRARIES}
    for environment in ENVIRONMENTS:
        if given.only and environment.name not in given.only:
            continue
        environment.build(folder)
        for name in environment.libraries:
            found[name] = cells_of(name, folder, environment)
            print(f"{environment.name}: {name} {found[name]['version']}", flush=True)
        if environment.recipes:
            recipes[environment.name] = environment.run_recipes(folder)
            print(f"{environment.name}: {len(recipes[environment.name])} tests of recipes passed")
    lines = [
        f"{name}: {line}"
        for name in found
        for line in changed(before.get(name, {}), found[name])
        if before
    ]
    print("\n".join(lines) or "nothing changed")
    if given.check and lines:
        raise SystemExit(1)
    save_results(RESULTS, "python -m tools interop", {"libraries": found, "recipes": recipes})
