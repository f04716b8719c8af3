"""Make a packaged network: train it, put it into the package with its card, and measure it.

python benchmarks/make_network.py RECIPE NAME [--init NAME] [--data DATA] [--minutes M | --steps N]

NAME is one of the package's networks; NAME/bicubic, its weights for small maps that are known to be
made so. An interrupted run goes on when the command is given again. With --data, all protocols are
measured and the figures are written into the documents and the card. Run it from a checkout whose
package is installed with `pip install -e`.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from rich.console import Console

import readme
from accuracy import GROUPS, group_of, measure
from dsdmsr.training.run import train_recipe
from dsdmsr.training.run_dir import stored_recipe
from dsdmsr.zoo.names import PACKAGED
from dsdmsr.zoo.pretrained import from_pretrained, read_card, save_pretrained
from options import ROOT

ZOO = ROOT / "src" / "dsdmsr" / "zoo"
FIGURES = "\n## Accuracy\n\n<!-- table: {table} -->\n<!-- end -->\n"


def package(made: Path, name: str, consistency: int) -> Path:
    """Copy a trained network into the package, with `consistency` steps of back-projection."""
    if any(maps.folder for maps in stored_recipe(made.parent).maps):
        raise SystemExit(f"{made} has seen maps that others own: it cannot be packaged")
    folder = ZOO / name
    model = from_pretrained(str(made))
    model.config = dataclasses.replace(model.config, consistency=consistency)
    title, _, card = read_card(str(made)).partition("\n# ")
    card = f"{title}\n# {name}\n{card.partition(chr(10))[2]}"
    if consistency:
        card += f"- **After training**: corrected by {consistency} back-projection(s).\n"
    save_pretrained(model, folder, card + FIGURES.format(table=GROUPS[group_of(name)].table))
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe")
    parser.add_argument("name")
    parser.add_argument("--run-dir", type=Path, help="default: runs/NAME")
    parser.add_argument("--init")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--consistency", type=int, default=0)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float)
    length.add_argument("--steps", type=int)
    given = parser.parse_args()
    if given.data is not None and given.name.partition("/")[0] not in PACKAGED:
        parser.error(f"{given.name} is not in dsdmsr.zoo.names.PACKAGED: enter it there first")
    console = Console()
    made = train_recipe(
        given.recipe,
        given.run_dir or ROOT / "runs" / given.name,
        minutes=given.minutes,
        steps=given.steps,
        resume="auto",
        init=given.init,
    )
    console.print(f"wrote {package(made, given.name, given.consistency)}")
    if given.data is not None:
        measure(given.data, group_of(given.name))
        readme.write()


if __name__ == "__main__":
    main()
