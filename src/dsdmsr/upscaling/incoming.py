"""Frames that come in: fetched by a thread, they wait for the one that upscales them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Condition
from typing import Any, NamedTuple

from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.given import described
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import ConfigError
from dsdmsr.io.encodings import find_encoding

__all__ = ["Incoming", "WaitingFrames", "fetch", "iterator_of", "reader"]

_MOST = 2
"""Frames that wait at most; of a stream that wants the newest, one."""


class Incoming(NamedTuple):
    """A frame that has come."""

    number: int
    """Which one it is, from 0 on."""
    stamp: Any
    """What came beside it; None if nothing."""
    time: float
    """When the source gave it: `time.perf_counter`."""
    depth: DepthMap | Exception
    """Its map, or why there is none."""


class WaitingFrames:
    """Hold the frames that wait; a thread puts them in, another takes them out.

    Args:
        newest: Whether one that comes takes the place of one that waits, which is dropped;
            otherwise whoever puts it in has to wait until there is room.
    """

    def __init__(self, *, newest: bool) -> None:
        self.dropped = 0
        """Frames for which another one came."""
        self.given = 0
        """Frames that were put in."""
        self.error: BaseException | None = None
        """What the source failed with."""
        self._newest, self._ended, self._stopped = newest, False, False
        self._frames: deque[Incoming] = deque()
        self._changed = Condition()

    @property
    def over(self) -> bool:
        """Whether nothing waits, and nothing will come."""
        with self._changed:
            return self._stopped or (self._ended and not self._frames)

    def put(self, stamp: Any, came: float, depth: DepthMap | Exception) -> bool:
        """Put a frame in; return whether more are wanted."""
        with self._changed:
            if self._newest:
                self.dropped += len(self._frames)
                self._frames.clear()
            else:
                self._changed.wait_for(lambda: self._stopped or len(self._frames) < _MOST)
            if self._stopped:
                return False
            self._frames.append(Incoming(self.given, stamp, came, depth))
            self.given += 1
            self._changed.notify_all()
            return True

    def take(self, seconds: float) -> Incoming | None:
        """Take the frame out that has waited longest; None if there is none after some time."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._stopped or self._ended or self._frames, timeout=seconds
            )
            if self._stopped or not self._frames:
                return None
            self._changed.notify_all()
            return self._frames.popleft()

    def end(self, error: BaseException | None) -> None:
        """Say that no more will come, and why if that is an error."""
        with self._changed:
            self.error, self._ended = error, True
            self._changed.notify_all()

    def stop(self) -> None:
        """Say that no more are wanted."""
        with self._changed:
            self._stopped = True
            self.error = None
            self._frames.clear()
            self._changed.notify_all()


def fetch(frames: Iterator[Any], read: Callable[[Any], DepthMap], waiting: WaitingFrames) -> None:
    """Fetch frames until there are no more, or no more are wanted.

    Args:
        frames: Where they come from: frames, or pairs of a stamp and a frame.
        read: What turns a frame into a map.
        waiting: Where they go.
    """
    error: BaseException | None = None
    try:
        for each in frames:
            came = time.perf_counter()
            stamp, frame = each if isinstance(each, tuple) and len(each) == 2 else (None, each)
            depth: DepthMap | Exception
            try:
                depth = read(frame)
            except Exception as problem:  # a frame's own: the next one may be right
                depth = problem
            if not waiting.put(stamp, came, depth):
                break
    except BaseException as problem:
        error = problem
    waiting.end(error)


def iterator_of(frames: Iterable[Any]) -> Iterator[Any]:
    """Return the iterator of frames.

    Raises:
        ConfigError: If it is something else, such as a path or one frame.
    """
    if isinstance(frames, str | Path | DepthMap) or not hasattr(frames, "__iter__"):
        raise ConfigError(
            f"frames are {described(frames)}: give an iterable of arrays or maps, such as a "
            "generator that reads a camera"
        )
    return iter(frames)


def reader(
    encoding: str | Encoding | None, read: Callable[[Any], DepthMap] | None
) -> Callable[[Any], DepthMap]:
    """Return what turns frames into maps."""
    if encoding is not None:
        find_encoding(encoding)
        if read is not None:
            raise ConfigError("encoding and read both say what frames mean: give one")

    def as_map(frame: Any) -> DepthMap:
        return frame if isinstance(frame, DepthMap) else DepthMap.from_array(frame, encoding)

    return read or as_map
