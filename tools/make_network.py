"""The way to a packaged network: train it, put it into the package with its card, and measure it.

NAME is one of the package's networks; NAME/bicubic, its weights for low-resolution maps that are
known to be bicubic. An interrupted run goes on when the command is given again. With --data, all
protocols are measured and the tables are written into the documents and the card. With
--errors-alone, the layers that expect errors are trained, and predictions stay. With --errors-of,
NAME stays as it is but for the errors that it expects at one factor, which are those of the trained
network, T times as large. Run it from a checkout whose package is installed with `pip install -e`.
"""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import torch

from benchmarks.accuracy.protocols import GROUPS, group_of, measure
from benchmarks.common.options import ROOT, options
from dsdmsr.evaluation.parity import compare_with_torch
from dsdmsr.nn import DSDMSR
from dsdmsr.training.card import training_history
from dsdmsr.training.export import can_export, export_graphs
from dsdmsr.training.options import TrainOptions
from dsdmsr.training.run import train_recipe
from dsdmsr.training.run_folder import stored_recipe
from dsdmsr.zoo.find import read_card
from dsdmsr.zoo.names import PACKAGED
from dsdmsr.zoo.torch_networks import from_pretrained, save_pretrained
from dsdmsr.zoo.warm_start import load_fitting
from tools import fill_documents

ZOO = ROOT / "src" / "dsdmsr" / "zoo"
FIGURES = "\n## Accuracy\n\n<!-- table: {table} -->\n<!-- end -->\n"


def package(trained: Path, name: str, consistency: int | None) -> Path:
    """Copy a trained network into the package, with its steps of back-projection or others."""
    if any(maps.folder for maps in stored_recipe(trained.parent).maps):
        raise SystemExit(f"{trained} has seen maps that others own: it cannot be packaged")
    folder = ZOO / name
    model = from_pretrained(str(trained))
    if consistency is not None:
        model.config = dataclasses.replace(model.config, consistency=consistency)
    title, _, card = read_card(str(trained)).partition("\n# ")
    card = f"{title}\n# {name}\n{card.partition(chr(10))[2]}"
    if count := model.config.consistency:
        card += f"- **Each prediction**: corrected by {count} back-projection(s).\n"
    if name in PACKAGED:
        card = card.replace("\n---\n", f"\nmodel-index:\n- name: {name}\n---\n", 1)
    save_pretrained(model, folder, card + FIGURES.format(table=GROUPS[group_of(name)].table))
    return folder


def add_graphs(folder: Path) -> None:
    """Write a packaged network's ONNX graphs, compared with torch, if its form allows it."""
    if not can_export(from_pretrained(str(folder))):
        return
    export_graphs(folder)
    parity = compare_with_torch(folder)
    print(f"{folder}: ONNX Runtime and torch differ by {parity.difference:.1e} of a map's range")
    if not parity.holds:
        raise SystemExit(f"rounding does {parity.rounding:.1e}: the graphs are wrong")


def take_errors(folder: Path, name: str, scale: int, times: float) -> Path:
    """Give a packaged network the errors that a trained one expects at a factor, and no others."""
    packaged, trained = from_pretrained(name), from_pretrained(str(folder))
    torch.manual_seed(0)
    model = DSDMSR(dataclasses.replace(packaged.config, confidence=trained.config.confidence))
    load_fitting(model, packaged.state_dict())
    last = model.stages_for(scale) - 1
    head = model.stages[last].expected
    head.load_state_dict(trained.stages[last].expected.state_dict())
    with torch.no_grad():
        head.ratios.bias += math.log(times)
    before, leg = (
        training_history(read_card(name))[-1],
        training_history(read_card(str(folder)))[-1],
    )
    card = read_card(name).replace(before, f"{before}\n{leg} Of it, ×{scale} alone, times {times}.")
    was, now = (f"{sum(p.numel() for p in m.parameters()):,} param" for m in (packaged, model))
    card = card.replace(was, now)
    save_pretrained(model, ZOO / name, card)
    return ZOO / name


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("recipe")
    parser.add_argument("name")
    parser.add_argument("--run-dir", type=Path, help="default: runs/NAME")
    parser.add_argument("--init")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--consistency", type=int, help="back-projections; default: the recipe's")
    parser.add_argument("--errors-alone", action="store_true")
    parser.add_argument("--errors-of", type=int, metavar="SCALE")
    parser.add_argument("--times", type=float, default=1.0, metavar="T")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float)
    length.add_argument("--steps", type=int)
    given = parser.parse_args()
    if given.data is not None and given.name.partition("/")[0] not in PACKAGED:
        parser.error(f"{given.name} is not in dsdmsr.zoo.names.PACKAGED: enter it there first")
    trained = train_recipe(
        TrainOptions(
            recipe=given.recipe,
            run_dir=given.run_dir or ROOT / "runs" / given.name,
            minutes=given.minutes,
            steps=given.steps,
            resume="auto",
            init=given.init,
            errors_alone=given.errors_alone,
        )
    )
    if given.errors_of is None:
        folder = package(trained, given.name, given.consistency)
    else:
        folder = take_errors(trained, given.name, given.errors_of, given.times)
    add_graphs(folder)
    print(f"wrote {folder}")
    if given.data is not None:
        measure(given.data, group_of(given.name))
        fill_documents.main()
