"""Frames that come in: fetched by a thread, they wait for the one that upscales them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Generic, NamedTuple, TypeVar

from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.given import described
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import ConfigError
from dsdmsr.io.encodings import find_encoding

__all__ = ["Handover", "Incoming", "WaitingFrames", "fetch", "iterator_of", "reader"]

_MOST = 2
"""Frames that wait at most; of a stream that wants the newest, one."""
T = TypeVar("T")


class Handover(Generic[T]):
    """Hand items from one thread to another, of which a few may wait.

    Either thread can be interrupted at any time, as by Ctrl-C, and the other goes on. That holds
    for `SimpleQueue`, but not for `Queue` and `threading.Condition`, whose lock may be lost then.

    Args:
        most: How many wait at most.
    """

    def __init__(self, most: int) -> None:
        self._items: SimpleQueue[T | None] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        """As many as there is room for."""
        for _ in range(most):
            self._room.put(None)

    def put(self, item: T) -> None:
        """Put an item in, once there is room."""
        self._room.get()
        self._items.put(item)

    def get(self, seconds: float | None = None) -> T | None:
        """Take the item out that has waited longest; None if it has ended.

        Raises:
            Empty: If there is none after so many seconds. Default: wait on.
        """
        item = self._items.get(timeout=seconds)
        self._room.put(None)
        return item

    def clear(self) -> int:
        """Let go of the items that wait; return how many these were."""
        count = 0
        while True:
            try:
                count += self.get(0) is not None
            except Empty:
                return count

    def empty(self) -> bool:
        """Return whether nothing waits."""
        return self._items.empty()

    def end(self) -> None:
        """Have whoever waits, for an item or for room, wait no longer."""
        self._items.put(None)
        self._room.put(None)


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
        self._frames: Handover[Incoming] = Handover(_MOST)

    @property
    def over(self) -> bool:
        """Whether nothing waits, and nothing will come."""
        return self._stopped or (self._ended and self._frames.empty())

    def put(self, stamp: Any, came: float, depth: DepthMap | Exception) -> bool:
        """Put a frame in; return whether more are wanted."""
        if self._newest:
            self.dropped += self._frames.clear()
        self._frames.put(Incoming(self.given, stamp, came, depth))
        self.given += 1
        return not self._stopped

    def take(self, seconds: float) -> Incoming | None:
        """Take the frame out that has waited longest; None if there is none after some time."""
        if self.over:
            return None
        try:
            frame = self._frames.get(seconds)
        except Empty:
            return None
        return None if self._stopped else frame

    def end(self, error: BaseException | None) -> None:
        """Say that no more will come, and why if that is an error."""
        self.error, self._ended = error, True
        self._frames.end()

    def stop(self) -> None:
        """Say that no more are wanted."""
        self._stopped = True
        self.error = None
        self._frames.clear()
        self._frames.end()


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
