"""Compare networks with one of the package's, NAME, on maps that may choose: the train/ folders'.

TRAINED is the folder of another, such as RUN/network. With --share, means of the weights of NAME
and of the first TRAINED are compared, too (`mean_network`). Protocol (a)'s degradation, known;
every figure is a mean over a set's maps, beside NAME's: RMSE, then roughness where the ground truth
is smooth. Both are shares of a map's range.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from rich.progress import track

import dsdmsr
from benchmarks.accuracy.surfaces import files, means, scored
from benchmarks.common.held_out import train_sets
from benchmarks.common.options import with_data
from dsdmsr.evaluation.cases import cases
from dsdmsr.evaluation.ground_truth import GroundTruthFile
from dsdmsr.evaluation.methods import Method
from dsdmsr.evaluation.network_method import Network
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.evaluation.report import markdown_table
from dsdmsr.scales import SCALES
from dsdmsr.zoo.find import read_card
from dsdmsr.zoo.torch_networks import from_pretrained, save_pretrained
from tools.mean_network import mean_of

Sets = dict[str, list[GroundTruthFile]]
COMPARED = ("rmse", "roughness")


def some_of_all_sets(data: Path, folder: Path, maps: int) -> Sets:
    """Return set → at most so many maps, evenly chosen; rendered ones are written to a folder."""
    sets: Sets = defaultdict(list, train_sets(data))
    for name, file in files(data, folder):
        sets[name].append(file)
    return {name: of[:: max(1, len(of) // maps)][:maps] for name, of in sets.items() if of}


def compare(methods: dict[str, Method], sets: Sets, scales: Sequence[int]) -> list[list[str]]:
    """Return a row for each set and factor: the first one's figures, and the others' over them."""
    rows = []
    for (name, of), scale in track([(s, k) for s in sets.items() for k in scales], "comparing"):
        every = (case for file in of for case in cases(PROTOCOLS["a"], file, (scale,)))
        found = means([scored(case, methods) for case in every])
        row = [name, f"×{scale}"]
        for key in COMPARED:
            before, *others = (found[method][key] for method in methods)
            row.append("–" if before is None else f"{before:.3e}")
            row += [f"{after / before:.3f}" if before and after else "–" for after in others]
        rows.append(row)
    return rows


def of_shares(name: str, trained: str, shares: Sequence[float], folder: Path) -> dict[str, str]:
    """Return label → folder of networks whose weights are means of two others'."""
    found = {f"mean, {share:.0%}": folder / str(share) for share in shares}
    before, after = from_pretrained(name), from_pretrained(trained)
    for share, to in zip(shares, found.values(), strict=True):
        save_pretrained(mean_of(before, after, share), to, read_card(name))
    return {label: str(to) for label, to in found.items()}


def table(names: Sequence[str], rows: list[list[str]]) -> str:
    """Return a row for each set and factor."""
    head = ["set", "factor"]
    for key in COMPARED:
        head += [f"{key} of {names[0]}", *(f"{name} over it" for name in names[1:])]
    return "\n".join(markdown_table(head, rows, names=1))


def main() -> None:
    parser = with_data(__doc__)
    parser.add_argument("name")
    parser.add_argument("trained", nargs="+")
    parser.add_argument("--share", type=float, nargs="+", default=[], help="of what was trained")
    parser.add_argument("--scales", type=int, nargs="+", choices=SCALES, default=list(SCALES))
    parser.add_argument("--maps", type=int, default=3, help="of each set; default: %(default)s")
    given = parser.parse_args()
    dsdmsr.keep_memory()
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as scenes:
        networks = {name: name for name in (given.name, *given.trained)}
        networks |= of_shares(given.name, given.trained[0], given.share, Path(made))
        methods: dict[str, Method] = {
            label: Network.from_pretrained(network, "cpu", blind=False)
            for label, network in networks.items()
        }
        sets = some_of_all_sets(given.data, Path(scenes), given.maps)
        rows = compare(methods, sets, given.scales)
    print(table(list(methods), rows))
