"""The plan of a preparation: the forms that maps are written in, and which map goes where."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from dsdmsr.data.prepared.shards import shard_name
from dsdmsr.data.prepared.splits import SPLITS, Split
from dsdmsr.data.sources.source import Frame, Source
from dsdmsr.errors import DataError

__all__ = ["Forms", "Shard", "check_keys", "fingerprint", "shards_of"]

_ORDER_SEED = 0


@dataclass(frozen=True, kw_only=True)
class Forms:
    """The forms that maps are written in.

    Raises:
        DataError: If it is none.
    """

    pyramid: bool
    """As PNG files, a folder a level."""
    shards: bool
    """As tar files."""

    def __post_init__(self) -> None:
        if not (self.pyramid or self.shards):
            raise DataError("neither a pyramid nor shards are asked for: ask for one of them")


@dataclass(frozen=True, kw_only=True)
class Shard:
    """The maps that go into one tar."""

    name: str
    """Its file."""
    members: tuple[int, ...]
    """Numbers of the frames."""


def check_keys(frames: Sequence[Frame]) -> None:
    """Check that keys are plain text, and no two the same, even where case doesn't count.

    Raises:
        DataError: If they are not.
    """
    seen: dict[str, Frame] = {}
    for frame in frames:
        if not frame.key.isprintable():
            raise DataError(f"the name of {frame.origin!a} has characters that cannot be printed")
        other = seen.setdefault(frame.key.lower(), frame)
        if other is not frame:
            raise DataError(
                f"{other.origin} and {frame.origin} would both be called {frame.key}: rename one"
            )


def shards_of(split_of: Sequence[Split], maps_per_shard: int) -> list[Shard]:
    """Return the shards: a split's maps, shuffled in the same way always, `maps_per_shard` each.

    Args:
        split_of: The split of each frame.
        maps_per_shard: How many maps a shard holds.
    """
    shards = []
    for split in SPLITS:
        members = [k for k, other in enumerate(split_of) if other == split]
        random.Random(_ORDER_SEED).shuffle(members)
        for number, first in enumerate(range(0, len(members), maps_per_shard)):
            chosen = tuple(members[first : first + maps_per_shard])
            shards.append(Shard(name=shard_name(split, number), members=chosen))
    return shards


def fingerprint(source: Source, forms: Forms) -> dict[str, Any]:
    """Return what tells whether a preparation is the same as another."""
    digest = hashlib.sha256()
    for frame, split in zip(source.frames, source.split_of, strict=True):
        digest.update(f"{frame.key}\0{frame.origin}\0{frame.scene}\0{split}\n".encode())
    return {
        "set": source.name,
        "settings": source.settings,
        "tool": f"dsdmsr {version('dsdmsr')}",
        "count": len(source.frames),
        "frames": digest.hexdigest(),
        "forms": [name for name in ("pyramid", "shards") if getattr(forms, name)],
    }
