"""One ×2 step: four DCNN units, and the interleaving of their views."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from dsdmsr.degradation.resample import resize
from dsdmsr.nn.candidates import Candidates
from dsdmsr.nn.config import ModelConfig
from dsdmsr.nn.expectation import ExpectedErrors
from dsdmsr.nn.units import Unit, begin_small
from dsdmsr.nn.views import interleave, repeat_views, split_views

__all__ = ["Stage", "StageOutput"]


class StageOutput(NamedTuple):
    """What a stage makes, all at twice the size of its input."""

    depth: Float[Tensor, "b 1 h w"]
    """The answer of the last stage that runs; of others, the map that is handed on."""
    carried: Float[Tensor, "b c h w"] | None
    """Features for the next stage."""
    log_error: Float[Tensor, "b 1 h w"] | None = None
    """Natural logarithm of the answer's absolute error that the stage expects."""


class Stage(nn.Module):
    """Make a map twice as large by synthesising its four views.

    A map that is handed to a next stage should look like the truth made smaller, with the soft
    edges that this gives; a map that is the answer should have the truth's own edges. With
    ``config.two_heads`` the stage makes both; otherwise they are one. With ``config.candidates``
    the answer is chosen between this and the values around each pixel, which makes crisp edges.

    Args:
        config: The network's configuration.
        index: 0 for the first stage.
    """

    def __init__(self, config: ModelConfig, index: int) -> None:
        super().__init__()
        width, depth = config.width_of(index), config.depth_of(index)
        shared = config.sharing == "shared"
        last = index == config.stages - 1
        # Of a supersampled network, the first stage never answers.
        answers = last or index > 0 or not config.supersampled
        copies = 1 if shared else 4
        self.unit = Unit(
            config.unit,
            in_channels=1 + (config.carried if index else 0),
            width=width,
            depth=depth,
            copies=copies,
            outputs=4 if shared else 1,
            bias=config.bias,
            differences=config.differences,
            dilations=() if index else config.dilations,
        )
        inside, groups = self.unit.feature_channels, copies
        self.hand_on: nn.Conv2d | None = None
        if config.two_heads and not last:
            self.hand_on = nn.Conv2d(inside, 4, 3, padding=1, groups=groups, bias=config.bias)
        self.adds_input = config.unit != "srcnn"
        self.skip = config.skip
        if self.hand_on is not None and self.adds_input:
            begin_small(self.hand_on)
        self.candidates: Candidates | None = None
        if config.candidates and answers:
            self.candidates = Candidates(config.candidates)
            scores = 4 * self.candidates.count
            self.score = nn.Conv2d(inside, scores, 3, padding=1, groups=groups, bias=config.bias)
            nn.init.normal_(self.score.weight, std=1e-3)
        self.carry: nn.Conv2d | None = None
        if config.carried and not last:
            self.carry = nn.Conv2d(inside, 4 * config.carried, 3, padding=1, bias=config.bias)
        self.expected: ExpectedErrors | None = None
        if config.confidence and answers:
            self.expected = ExpectedErrors(inside, config.confidence)

    @property
    def radius(self) -> int:
        """How many pixels away an input pixel can still change an output pixel."""
        chosen_from = 0 if self.candidates is None else self.candidates.side // 2
        added = 2 if self.adds_input and self.skip == "bicubic" else 0
        return max(self.unit.radius, chosen_from, added)

    def _enlarged(self, depth: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b 4 h w"]:
        """Return the views of the map made twice as large."""
        if self.skip == "nearest":
            return repeat_views(depth)
        whole = depth.float() if depth.dtype.itemsize < 4 else depth
        return split_views(resize(whole, 2))

    def forward(
        self,
        depth: Float[Tensor, "b 1 h w"],
        carried: Float[Tensor, "b c h w"] | None = None,
        *,
        answers: bool = True,
        errors: bool = True,
    ) -> StageOutput:
        """Return the map at twice the size, and what a next stage needs.

        Args:
            depth: The small map, or what the stage before handed on.
            carried: The features that it carried on.
            answers: Whether no other stage follows.
            errors: Whether to tell, if none does, which errors are expected.
        """
        features = self.unit(depth if carried is None else torch.cat([depth, carried], 1))
        head = self.unit.head if answers or self.hand_on is None else self.hand_on
        views = head(features)
        if self.adds_input:
            views = views + self._enlarged(depth)
        if self.candidates is not None and head is self.unit.head:
            views = self.candidates(self.score(features), views, depth)
        carry = None if answers or self.carry is None else interleave(self.carry(features))
        log_error = None
        if answers and errors and self.expected is not None:
            log_error = self.expected(features)
        return StageOutput(interleave(views), carry, log_error)
