"""Stage of a cascade, one ×2 step: four DCNN units, and the interleaving of their views."""

from __future__ import annotations

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor, nn

from dsdmsr.degradation.resample import resize
from dsdmsr.nn.candidates import Candidates
from dsdmsr.nn.config import ModelConfig
from dsdmsr.nn.expectation import ExpectedErrors
from dsdmsr.nn.units import Unit, init_near_zero
from dsdmsr.nn.views import interleave, repeat_views, split_views

__all__ = ["Stage", "StageOutput", "StageViews"]


class StageOutput(NamedTuple):
    """Outputs of a stage, all at twice the size of its input."""

    depth: Float[Tensor, "b 1 h w"]
    """The prediction of the last stage that runs; of others, the map that is handed on."""
    carried: Float[Tensor, "b c h w"] | None
    """Features for the next stage."""
    log_error: Float[Tensor, "b 1 h w"] | None = None
    """Natural logarithm of the absolute error that the stage expects of its prediction."""


class StageViews(NamedTuple):
    """Outputs of a stage before views are interleaved, all at the size of its input."""

    depth: Float[Tensor, "b 4 h w"]
    """See `StageOutput.depth`."""
    carried: Float[Tensor, "b c4 h w"] | None
    """Four views of each feature for the next stage."""
    log_error: Float[Tensor, "b 4 h w"] | None
    """See `StageOutput.log_error`."""


class Stage(nn.Module):
    """Upscale a map ×2 by synthesising its four views.

    A map that is handed to a next stage should look like the downsampled target, with its soft
    edges; the final prediction should have the target's own edges. With ``config.two_heads`` the
    stage has a head for each; otherwise they are one. With ``config.candidates`` the prediction is
    chosen between the regressed value and the values around each pixel, which gives crisp edges.

    Args:
        config: The network's configuration.
        index: 0 for the first stage.
    """

    def __init__(self, config: ModelConfig, index: int) -> None:
        super().__init__()
        width, depth = config.width_of(index), config.depth_of(index)
        shared = config.sharing == "shared"
        self.can_hand_on = index < config.stages - 1
        # The first stage of a supersampled network never gives the final prediction.
        self.can_be_last = not self.can_hand_on or index > 0 or not config.supersampled
        copies = 1 if shared else 4
        self.unit = Unit(
            config.unit,
            in_channels=1 + (config.carried if index and config.carried_into == "input" else 0),
            width=width,
            depth=depth,
            copies=copies,
            outputs=4 if shared else 1,
            bias=config.bias,
            differences=config.differences,
            dilations=() if index else config.dilations,
            hidden=config.hidden_of(index),
        )
        inside, groups = self.unit.feature_channels, copies
        self.hand_on: nn.Conv2d | None = None
        if config.two_heads and self.can_hand_on:
            self.hand_on = nn.Conv2d(inside, 4, 3, padding=1, groups=groups, bias=config.bias)
        self.adds_input = config.unit != "srcnn"
        self.skip = config.skip
        if self.hand_on is not None and self.adds_input:
            init_near_zero(self.hand_on)
        self.candidates: Candidates | None = None
        if config.candidates and self.can_be_last:
            self.candidates = Candidates(config.candidates)
            scores = 4 * self.candidates.count
            self.score = nn.Conv2d(inside, scores, 3, padding=1, groups=groups, bias=config.bias)
            nn.init.normal_(self.score.weight, std=1e-3)
        self.carry: nn.Conv2d | None = None
        if config.carried and self.can_hand_on:
            self.carry = nn.Conv2d(inside, 4 * config.carried, 3, padding=1, bias=config.bias)
        self.expected: ExpectedErrors | None = None
        if config.confidence and self.can_be_last:
            self.expected = ExpectedErrors(inside, config.confidence)

    @property
    def radius(self) -> int:
        """How many pixels away an input pixel can still change an output pixel."""
        chosen_from = 0 if self.candidates is None else self.candidates.side // 2
        added = 2 if self.adds_input and self.skip == "bicubic" else 0
        return max(self.unit.radius, chosen_from, added)

    def _upsampled(self, depth: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b 4 h w"]:
        """Return the views of the map upsampled ×2."""
        if self.skip == "nearest":
            return repeat_views(depth)
        whole = depth.float() if depth.dtype.itemsize < 4 else depth
        return split_views(resize(whole, 2))

    def forward(
        self,
        depth: Float[Tensor, "b 1 h w"],
        carried: Float[Tensor, "b c h w"] | None = None,
        *,
        is_last: bool = True,
        errors: bool = True,
    ) -> StageOutput:
        """Return the map at twice the size, and what a next stage needs.

        Args:
            depth: The low-resolution map, or the previous stage's.
            carried: The previous stage's features.
            is_last: Whether no other stage follows.
            errors: Whether to estimate, if none does, the prediction's errors.
        """
        views = self.synthesise(depth, carried, is_last=is_last, errors=errors)
        return StageOutput(*(None if x is None else interleave(x) for x in views))  # type: ignore[arg-type]

    def synthesise(
        self,
        depth: Float[Tensor, "b 1 h w"],
        carried: Float[Tensor, "b c h w"] | None = None,
        *,
        is_last: bool = True,
        errors: bool = True,
    ) -> StageViews:
        """Return the views of what `forward` returns; see there."""
        features = self.unit(depth, carried)
        head = self.unit.head if is_last or self.hand_on is None else self.hand_on
        views = head(features)
        if self.adds_input:
            views = views + self._upsampled(depth)
        if self.candidates is not None and head is self.unit.head:
            views = self.candidates(self.score(features), views, depth)
        carry = None if is_last or self.carry is None else self.carry(features)
        log_error = None
        if is_last and errors and self.expected is not None:
            log_error = self.expected(features)
        return StageViews(views, carry, log_error)
