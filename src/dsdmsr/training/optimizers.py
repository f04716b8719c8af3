"""Optimisers that recipes name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import SGD, Adam, AdamW, Optimizer

__all__ = ["OPTIMIZERS", "Muon", "OptimizerKind", "orthogonalised"]

OptimizerKind = Literal["adamw", "adam", "sgd", "muon"]


class Muon(Optimizer):
    """Step along orthogonalised momentum; Adam where a kernel is too narrow for that.

    A convolution's kernels are one matrix, output channels × (input channels · kernel size). The
    step of a matrix m×n is scaled by 0.2·√max(m, n), which is about the size of Adam's, so that
    both kinds of parameter share a learning rate.

    Args:
        parameters: What to optimise.
        lr: The learning rate.
        weight_decay: Decoupled weight decay.
        momentum: Of the matrices' moving mean of gradients; steps look ahead as Nesterov's do.
        betas: Adam's, for the other parameters.
        narrow: Matrices with fewer rows or columns are left to Adam.

    Source:
        Jordan et al.: "Muon: an optimizer for hidden layers in neural networks", 2024; the scale:
        Liu et al.: "Muon is scalable for LLM training", arXiv 2502.16982.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float,
        *,
        weight_decay: float = 0.0,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.999),
        narrow: int = 12,
    ) -> None:
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "betas": betas,
            "narrow": narrow,
        }
        super().__init__(parameters, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take a step; return what `closure` returns."""
        result = None
        if closure is not None:
            with torch.enable_grad():
                result = closure()
        for group in self.param_groups:
            matrices = []
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                if group["weight_decay"]:
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                if parameter.ndim > 1 and min(parameter.flatten(1).shape) >= group["narrow"]:
                    matrices.append(parameter)
                else:
                    self._step_by_adam(parameter, group)
            self._step_by_muon(matrices, group)
        return result

    def _step_by_adam(self, parameter: Tensor, group: dict[str, Any]) -> None:
        state, gradient = self.state[parameter], _gradient(parameter)
        if not state:
            state["mean"], state["square"] = (torch.zeros_like(parameter) for _ in range(2))
            state["steps"] = 0
        state["steps"] += 1
        first, second = group["betas"]
        state["mean"].lerp_(gradient, 1 - first)
        state["square"].lerp_(gradient.square(), 1 - second)
        mean = state["mean"] / (1 - first ** state["steps"])
        square = state["square"] / (1 - second ** state["steps"])
        parameter.sub_(mean / (square.sqrt() + 1e-8), alpha=group["lr"])

    def _step_by_muon(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        """Step matrices of one shape at once."""
        alike: dict[torch.Size, list[Tensor]] = {}
        for parameter in parameters:
            alike.setdefault(parameter.flatten(1).shape, []).append(parameter)
        for shape, members in alike.items():
            ahead = []
            for parameter in members:
                state, gradient = self.state[parameter], _gradient(parameter)
                if not state:
                    state["mean"] = torch.zeros_like(parameter)
                state["mean"].lerp_(gradient, 1 - group["momentum"])
                ahead.append(torch.lerp(gradient, state["mean"], group["momentum"]).flatten(1))
            size = group["lr"] * 0.2 * max(shape) ** 0.5
            steps = orthogonalised(torch.stack(ahead))
            for parameter, step in zip(members, steps, strict=True):
                parameter.sub_(step.reshape(parameter.shape), alpha=size)


def _gradient(parameter: Tensor) -> Tensor:
    gradient = parameter.grad
    assert gradient is not None  # parameters without one are left out
    return gradient


def orthogonalised(matrices: Tensor) -> Tensor:
    """Return matrices b×m×n with the same singular vectors, and singular values near 1.

    Five steps of a quintic iteration, whose values end between about 0.7 and 1.2.
    """
    tall = matrices.shape[-2] > matrices.shape[-1]
    x: Tensor = matrices.mT if tall else matrices
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-12)
    for _ in range(5):
        square = x @ x.mT
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    return x.mT if tall else x


OPTIMIZERS: dict[OptimizerKind, Callable[..., Optimizer]] = {
    "adamw": AdamW,
    "adam": Adam,
    "sgd": partial(SGD, momentum=0.9),
    "muon": Muon,
}
"""Each takes parameters, `lr` and `weight_decay`."""
