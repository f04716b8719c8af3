"""Splits: the scenes for training, validation and testing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

from dsdmsr.errors import ConfigError

__all__ = ["DTU_SPLIT", "DTU_UNUSED", "SPLITS", "Split", "Splitting"]

Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


def _scans(numbers: str) -> tuple[str, ...]:
    return tuple(f"scan{number}" for number in numbers.split())


DTU_SPLIT: dict[Split, tuple[str, ...]] = {
    "valid": _scans("3 5 17 21 28 35 37 38 40 43 56 59 66 67 82 86 106 117"),
    "test": _scans("1 4 9 10 11 12 13 15 23 24 29 32 33 34 48 49 62 75 77 110 114 118"),
}
"""The held-apart scans of DTU; all others train. Source: MVSNet (Yao et al., ECCV 2018)."""

DTU_UNUSED = _scans("25 26 27 54 73")
"""Scans that MVSNet's split leaves out."""


@dataclass(frozen=True, kw_only=True)
class Splitting:
    """Say which scene goes to which split.

    Raises:
        ConfigError: If a share is not between 0 and 1, or the two leave nothing to train on, or a
            scene is known in two splits.
    """

    known: dict[Split, tuple[str, ...]] = field(default_factory=dict)
    """Split → scenes that are in it, whatever else holds."""
    rest: Split | None = None
    """The split of all other scenes; None samples one for each."""
    seed: int = 0
    """Of the sampling."""
    valid: float = 0.1
    """Share of the scenes for validation."""
    test: float = 0.1
    """Share of the scenes for testing."""

    def __post_init__(self) -> None:
        several = [scene for scenes in self.known.values() for scene in set(scenes)]
        if len(several) != len(set(several)):
            raise ConfigError("known has a scene in two splits: a scene belongs to one")
        if not (0 <= self.valid < 1 and 0 <= self.test < 1 and self.valid + self.test < 1):
            raise ConfigError(
                f"the shares of validation and test are {self.valid:g} and {self.test:g}: give "
                "numbers from 0 to 1 that leave some scenes to train on"
            )

    def assign(self, scenes: Iterable[str]) -> dict[str, Split]:
        """Return scene → split.

        Scenes are sampled by a hash of the seed and their name. Of three scenes and more, one at
        least is for validation and for testing, if their share is not 0; of fewer, all train.
        """
        assigned: dict[str, Split] = {
            scene: split for split, known in self.known.items() for scene in known
        }
        others = sorted(set(scenes) - assigned.keys(), key=self._hash)
        if self.rest is not None:
            return {**assigned, **dict.fromkeys(others, self.rest)}
        count = len(others)
        valid, test = (
            max(1, round(share * count)) if share and count > 2 else 0
            for share in (self.valid, self.test)
        )
        for k, scene in enumerate(others):
            assigned[scene] = "valid" if k < valid else "test" if k < valid + test else "train"
        return assigned

    def _hash(self, scene: str) -> str:
        return hashlib.sha256(f"{self.seed} {scene}".encode()).hexdigest()
