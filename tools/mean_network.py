"""Give a packaged network the mean of its weights and those of a network that goes on from it.

TRAINED is the folder that the run has written, of the same form as NAME, one of the package's
networks, or NAME/bicubic. The mean of two such networks is often better than both, on other maps
than each is good at. Errors that the mean expects are best trained again after it: by
`make_network RECIPE NAME --init NAME --errors-alone`.

Source:
    Wortsman et al.: "Robust fine-tuning of zero-shot models", CVPR 2022.
"""

from __future__ import annotations

from pathlib import Path

import torch

from benchmarks.common.options import options
from dsdmsr.nn import DSDMSR
from dsdmsr.training.card import training_history
from dsdmsr.zoo.find import read_card
from dsdmsr.zoo.torch_networks import from_pretrained, save_pretrained
from tools.make_network import ZOO, add_graphs

LINE = "- **After training**: mean of its weights, {share:.0%}, and those of before the last run."


@torch.no_grad()
def mean_of(before: DSDMSR, trained: DSDMSR, share: float) -> DSDMSR:
    """Return a network whose weights are means of two of one form, `share` of them the second's."""
    if before.config != trained.config:
        raise SystemExit(f"two networks of one form are needed: {before.config}, {trained.config}")
    mean = DSDMSR(before.config)
    pairs = zip(before.state_dict().items(), trained.state_dict().values(), strict=True)
    mean.load_state_dict({name: torch.lerp(one, other, share) for (name, one), other in pairs})
    return mean


def main() -> None:
    parser = options(__doc__)
    parser.add_argument("trained", type=Path)
    parser.add_argument("name")
    parser.add_argument("--share", type=float, default=0.5, help="of what was trained")
    given = parser.parse_args()
    if not 0 < given.share < 1:
        parser.error(f"--share is {given.share}: give a number between 0 and 1")
    before, trained = from_pretrained(given.name), from_pretrained(str(given.trained))
    card = read_card(given.name)
    history = training_history(card)
    new = [line for line in training_history(read_card(str(given.trained))) if line not in history]
    if not new:
        raise SystemExit(f"{given.trained} does not go on from {given.name}")
    line = "\n".join([history[-1], *new, LINE.format(share=given.share)])
    folder = ZOO / given.name
    save_pretrained(
        mean_of(before, trained, given.share), folder, card.replace(history[-1], line, 1)
    )
    add_graphs(folder)
    print(f"wrote {folder}")
