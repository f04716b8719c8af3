"""Which channel of an OpenEXR file is depth, by the names that renderers and compositors give.

A name is split at its dots into layers and a channel, a part's name being the outermost layer.
Capitals don't count. The first line of this table that fits a channel decides:

====  =====================================  ==============================================
rank  name                                   from
====  =====================================  ==============================================
0     ``Z``                                  OpenEXR's standard name, Arnold, V-Ray, Blender 2
1     ``Z`` of a depth layer                 Cycles and Eevee (``View Layer.Depth.Z``), Nuke
2     the only channel of a depth layer      ``Depth.V`` (Blender 4), ``depth.Y``, ``depth.T``
      or one whose R, G and B are equal      ``WorldDepth.R`` (Unreal)
3     a depth word                           ``Pz`` (Houdini), ``ZDepth`` (V-Ray), ``depth``
4     ``Z`` of any other layer               what is left
5     a distance, or the only channel T of   ``distance``, ``distance.V``; ``dd.y.T`` (Mitsuba)
      a layer
====  =====================================  ==============================================

A layer or channel is one of depth if its letters are ``z``, ``pz``, ``zbuffer`` or ``depthz``, or
end in ``depth``. Never depth: what has ``mist`` in its name, which is a share of a range; one of
the three coordinates X, Y and Z; normals and positions; a ray's bounces (``raydepth``). What
Cycles gives its denoiser (``Denoising Depth.Z``) is a layer like any other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from dsdmsr.errors import FileError
from dsdmsr.io.checks import holds_errors, refuse_errors

__all__ = ["Channel", "Choice", "choose_channels"]

_WORDS = frozenset({"z", "pz", "zbuffer", "depthz"})
_NO_DEPTH = frozenset({"raydepth", "tracedepth", "bitdepth", "denoisingdepth"})
_VECTORS = frozenset({"n", "normal", "normals", "p", "position", "vector", "uv", "motion"})
_COLOURS = (frozenset("rgb"), frozenset("rgba"))
_WITH_ALPHA = frozenset("ya")
_LISTED = 24


class Channel(NamedTuple):
    """A channel of a file."""

    part: int
    """The number of its part, from 0."""
    part_name: str
    """What the part is called; files of one part need no name."""
    name: str
    """Its name in the part, with its layers."""

    @property
    def levels(self) -> list[str]:
        """Layers and channel, the outermost first, in small letters."""
        name, part = self.name.lower(), self.part_name.lower()
        inside = not part or name == part or name.startswith(f"{part}.")
        return re.split(r"[./]", name if inside else f"{part}.{name}")


class Choice(NamedTuple):
    """The channels to read: one of depth, or several whose equality shows that they are."""

    channels: tuple[Channel, ...]
    """All of one part; red, green, blue and perhaps alpha where there are several."""
    note: str | None
    """What was chosen among several."""


def choose_channels(channels: Sequence[Channel], member: str | None, path: Path) -> Choice:
    """Return the channel that a name stands for, or the one that is depth.

    Args:
        channels: All that the file has.
        member: The name: a channel with its layers, ``Depth.Z``; if several parts have it,
            ``PART:Depth.Z``, the part by its name or number; or a layer or part of one channel.
        path: The file, for errors.

    Raises:
        FileError: If the name is not one channel's, or none is given and no channel, or several,
            look like depth; or they are expected errors.
    """
    if member is not None:
        return _named(channels, member, path)
    depth = [channel for channel in channels if not holds_errors([channel.name])]
    if len(depth) < len(channels) and all(_rank(c, channels) is None for c in depth):
        refuse_errors(path)
    ranked = [(rank, c) for c in depth if (rank := _rank(c, depth)) is not None]
    if not ranked:
        return _unnamed(depth, path)
    least = min(rank for rank, _ in ranked)
    best = [channel for rank, channel in ranked if rank == least]
    if len(best) > 1:
        raise FileError(
            f"{path} has {len(best)} channels of depth, {_listed(best, channels)}: name one, as in "
            f"{path.name}#{_spelled(best[0], channels)}"
        )
    chosen, siblings = best[0], _siblings(best[0], depth)
    if set(siblings) in _COLOURS and least == 2:
        return Choice(tuple(siblings[c] for c in "rgb"), _note(chosen, channels))
    return Choice((chosen,), _note(chosen, channels) if len(channels) > 1 else None)


def _named(channels: Sequence[Channel], member: str, path: Path) -> Choice:
    found = [channel for channel in channels if member in _spellings(channel)]
    if not found:
        found = [c for c in channels if member in (c.part_name, c.name.rpartition(".")[0])]
    if len(found) != 1:
        raise FileError(
            f"{path}#{member} names {len(found) or 'no'} channel{'s' * (len(found) != 1)}: allowed "
            f"are {_listed(found or channels, channels)}"
        )
    if holds_errors([found[0].name]):
        refuse_errors(path)
    return Choice((found[0],), None)


def _unnamed(channels: Sequence[Channel], path: Path) -> Choice:
    """Return the only channel or the only picture, whose colours may turn out to be equal."""
    if channels and not any("mist" in level for c in channels for level in c.levels):
        siblings = _siblings(channels[0], channels)
        alone = len(siblings) == len(channels)
        if len(channels) == 1 or (alone and set(siblings) in (*_COLOURS, _WITH_ALPHA)):
            order = [letter for letter in "rgbya" if letter in siblings]
            return Choice(tuple(siblings[c] for c in order) or tuple(channels), None)
    names = _listed(channels, channels) or "no channels"
    raise FileError(
        f"{path} holds {names}, of which none is called depth: name one, as in {path.name}#NAME"
    )


def _rank(channel: Channel, channels: Sequence[Channel]) -> int | None:
    """Return how well a channel's name fits depth, 0 being best; None if it doesn't."""
    *layers, last = channel.levels
    layer = layers[-1] if layers else ""
    siblings = _siblings(channel, channels)
    if any("mist" in level for level in channel.levels) or _is_coordinate(last, layer, siblings):
        return None
    if last == "z":
        return 0 if not layers else 1 if _is_depth(layer) else 4
    alone = len(siblings) == 1 or set(siblings) in ({last, "a"}, *_COLOURS)
    if alone and len(last) == 1 and (last not in "gba" or len(siblings) == 1):
        if _is_depth(layer):
            return 2
        if last == "t" or _letters(layer).endswith("distance"):
            return 5
    if _is_depth(last):
        return 3
    return 5 if _letters(last).endswith("distance") else None


def _is_coordinate(last: str, layer: str, siblings: dict[str, Channel]) -> bool:
    """Return whether a channel is one of the three of a vector."""
    if last not in ("z", "pz"):
        return False
    before = last[:-1]
    return _letters(layer) in _VECTORS or {f"{before}x", f"{before}y"} <= set(siblings)


def _letters(name: str) -> str:
    return "".join(filter(str.isalpha, name))


def _is_depth(name: str) -> bool:
    letters = _letters(name)
    return letters in _WORDS or (letters.endswith("depth") and letters not in _NO_DEPTH)


def _siblings(channel: Channel, channels: Sequence[Channel]) -> dict[str, Channel]:
    """Return the channels of a channel's layer, by the last of their names."""
    layers = channel.levels[:-1]
    same = [c for c in channels if c.part == channel.part and c.levels[:-1] == layers]
    return {c.levels[-1]: c for c in same}


def _spellings(channel: Channel) -> tuple[str, ...]:
    return (
        channel.name,
        f"{channel.part_name}:{channel.name}",
        f"{channel.part}:{channel.name}",
    )


def _spelled(channel: Channel, channels: Sequence[Channel]) -> str:
    """Return the shortest spelling that no other channel has."""
    if Counter(other.name for other in channels)[channel.name] == 1:
        return channel.name
    return f"{channel.part_name or channel.part}:{channel.name}"


def _listed(named: Sequence[Channel], channels: Sequence[Channel]) -> str:
    names = [_spelled(channel, channels) for channel in named]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _note(channel: Channel, channels: Sequence[Channel]) -> str:
    name = _spelled(channel, channels)
    return f"of its {len(channels)} channels, {name} is taken for depth; #NAME names another"
