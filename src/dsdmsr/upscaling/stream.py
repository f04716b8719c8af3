"""Streams: the frames of a sensor, upscaled as they come, in their order and in bounded memory.

A thread takes frames from their source and turns them into maps, while the one that asks for
results runs the network. At most a few frames wait between the two.
"""

from __future__ import annotations

import copy
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Thread
from types import TracebackType
from typing import Any, TypedDict

import numpy as np

from dsdmsr.depth.encoding import Encoding
from dsdmsr.depth.estimate import looks_noisy
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import ConfigError, DsdmsrError, FrameError
from dsdmsr.upscaling.auto import Choice
from dsdmsr.upscaling.incoming import Incoming, WaitingFrames, fetch, iterator_of, reader
from dsdmsr.upscaling.rows import Buffers, empty_map
from dsdmsr.upscaling.temporal import TemporalFilter
from dsdmsr.upscaling.upscaler import Upscaler

__all__ = ["Stream", "StreamSettings", "StreamStatistics", "UpscaledFrame"]

_LOOK = 0.5
"""Seconds after which a thread that waits looks up: Windows delivers no Ctrl-C before."""
_STALL = 1.0
"""Seconds without a frame that count as a stall."""
_RECENT = 1000
"""Frames that rates and latencies are of: so many are remembered."""
_PATIENCE = 1.0
"""Seconds that closing waits for a source that is about to give a frame."""


@dataclass(frozen=True, kw_only=True)
class UpscaledFrame:
    """Hold a frame of a stream, upscaled."""

    index: int
    """Which frame of the source it is, from 0 on; those that were dropped count, too."""
    stamp: Any
    """What the source gave beside the frame, as it came: a time, say; None if nothing."""
    lr_depth: DepthMap
    """The frame as a map."""
    depth: DepthMap
    """The larger map."""
    latency: float
    """Seconds from when the source gave the frame until it was upscaled."""
    dropped: int
    """Frames that were dropped so far."""


@dataclass(frozen=True, kw_only=True)
class StreamStatistics:
    """Say how a stream goes; rates and latencies are of the last 1000 frames."""

    frames: int
    """Frames that were upscaled."""
    dropped: int
    """Frames for which a newer one was upscaled."""
    failed: int
    """Frames that could not be upscaled."""
    stalls: int
    """How often no frame came for a second or longer."""
    frames_per_second: float
    """Results per second; 0 before the second one."""
    latency_p50: float
    """Median seconds from source to result; NaN before the first one."""
    latency_p95: float
    """What 95 % of these are below."""


class StreamSettings(TypedDict, total=False):
    """The arguments of `Stream` beside upscaler and frames."""

    newest: bool
    encoding: str | Encoding | None
    read: Callable[[Any], DepthMap] | None
    temporal: bool
    errors: bool
    reuse: bool
    timeout: float | None
    waiting: Callable[[], object] | None


class Stream(Iterator[UpscaledFrame]):
    """Upscale frames as they come; an iterator of `UpscaledFrame`, in the source's order.

    Frames may differ in size and type of number. One without a valid pixel becomes a larger map
    without any. The network and weights that the first other frame gets serve for all.

    At most two frames wait while one is upscaled; a source that is faster has to wait, or, with
    `newest`, never waits, and the older of its frames are dropped. The stream ends with its source,
    by `close`, at the end of a ``with`` block, or when nothing refers to it any more. Then its
    thread ends, too, as soon as the source gives the next frame, if it is waiting for one.

    Args:
        upscaler: What enlarges the frames.
        frames: Any iterable of maps; of arrays, each H×W; or of pairs of a time stamp and one of
            these. Arrays are copied before the next one is asked for, so that a source may reuse
            its own.
        newest: Whether the newest frame is upscaled each time, and those before it that still wait
            are dropped. Default: every frame is upscaled.
        encoding: What the numbers of arrays mean, such as ``mm``; see `DepthMap.from_array`.
        read: Instead of it, what turns that which `frames` gives into a map, in the thread that
            reads: `dsdmsr.read_depth` for paths, say.
        temporal: Whether frames are filtered by `dsdmsr.TemporalFilter`.
        errors: Whether results have expected errors; see `Upscaler.bands`.
        reuse: Whether a result's arrays may overwrite those of the result before, which saves
            allocating them: each is valid until the next one is asked for. The temporal filter
            compares frames, so that with `temporal` arrays are new each time.
        timeout: Seconds without a frame after which it is an error. Default: wait on.
        waiting: Is called twice a second while no frame comes, by whoever waits for one; what it
            raises ends the stream.

    Raises:
        ConfigError: If `frames` are no iterable of frames, `encoding` and `read` are both given, or
            `timeout` is not above 0.
        EncodingError: If the encoding is unknown.
        FrameError: While iterating, with the frame's `index`: if the source fails; or if a frame
            is no depth map, or cannot be upscaled as asked, or does not come within `timeout`.
            After any but the first of these, the next call goes on with the frame after it.

    Example:
        A sensor of 16-bit millimetres, with times:

        >>> import numpy as np
        >>> from dsdmsr import Upscaler
        >>> sensor = ((k / 30, np.full((12, 16), 1500 + k, np.uint16)) for k in range(3))
        >>> upscaler = Upscaler.from_pretrained("dsdmsr-fast", scale=2, device="cpu")
        >>> with upscaler.stream(sensor, encoding="mm") as stream:
        ...     for frame in stream:
        ...         print(frame.index, round(frame.stamp, 3), frame.depth)
        0 0.0 DepthMap(24×32, depth, m, 100.0% valid, 1.5…1.5)
        1 0.033 DepthMap(24×32, depth, m, 100.0% valid, 1.501…1.501)
        2 0.067 DepthMap(24×32, depth, m, 100.0% valid, 1.502…1.502)
        >>> stream.statistics.frames, stream.statistics.dropped
        (3, 0)
    """

    choice: Choice | None
    """Which network and weights enlarge the frames, if that is chosen by the first of them."""

    def __init__(
        self,
        upscaler: Upscaler,
        frames: Iterable[Any],
        *,
        newest: bool = False,
        encoding: str | Encoding | None = None,
        read: Callable[[Any], DepthMap] | None = None,
        temporal: bool = False,
        errors: bool = False,
        reuse: bool = False,
        timeout: float | None = None,
        waiting: Callable[[], object] | None = None,
    ) -> None:
        if timeout is not None and not timeout > 0:
            raise ConfigError(f"timeout is {timeout:g} s: give a number above 0, or None")
        self._upscaler, self.choice, self._chosen = upscaler, None, False
        self._steady = TemporalFilter() if temporal else None
        self._errors, self._timeout, self._idle = errors, timeout, waiting
        self._buffers = Buffers() if reuse and not temporal else None
        self._waiting = WaitingFrames(newest=newest)
        # It must not refer to the stream, which ends when nothing else does.
        arguments = (iterator_of(frames), reader(encoding, read), self._waiting)
        self._thread = Thread(target=fetch, args=arguments, name="dsdmsr-stream", daemon=True)
        self._stop = weakref.finalize(self, self._waiting.stop)
        self._frames = self._failed = self._stalls = 0
        self._done: deque[tuple[float, float]] = deque(maxlen=_RECENT)

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __next__(self) -> UpscaledFrame:
        if self._thread.ident is None and not self._waiting.over:
            self._thread.start()
        try:
            came = self._come()
            result = self._upscaled(came)
        except FrameError:
            self._failed += 1
            raise
        except StopIteration:
            raise
        except BaseException:
            self.close()
            raise
        self._frames += 1
        return result

    @property
    def statistics(self) -> StreamStatistics:
        """How the stream goes, so far."""
        done = list(self._done)
        seconds = done[-1][0] - done[0][0] if done else 0.0
        late = [latency for _, latency in done] or [np.nan]
        p50, p95 = np.quantile(late, (0.5, 0.95))
        return StreamStatistics(
            frames=self._frames,
            dropped=self._waiting.dropped,
            failed=self._failed,
            stalls=self._stalls,
            frames_per_second=(len(done) - 1) / seconds if seconds else 0.0,
            latency_p50=float(p50),
            latency_p95=float(p95),
        )

    def close(self) -> None:
        """End the stream: no frame comes any more, and its thread ends."""
        self._stop()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)

    def _come(self) -> Incoming:
        """Wait for the next frame, and return it."""
        began, stalled = time.perf_counter(), False
        while True:
            waited = time.perf_counter() - began
            if waited >= _STALL and not stalled:
                self._stalls, stalled = self._stalls + 1, True
            if self._timeout is not None and waited >= self._timeout:
                raise FrameError(self._waiting.given, f"nothing has come for {self._timeout:g} s")
            left = np.inf if self._timeout is None else self._timeout - waited
            came = self._waiting.take(min(_LOOK, left))
            if came is not None:
                return came
            if self._waiting.over:
                self._raise_end()
            if self._idle is not None:
                self._idle()

    def _raise_end(self) -> None:
        """Raise what the source ended with, once; after that, its end."""
        error, self._waiting.error = self._waiting.error, None
        if isinstance(error, Exception):
            problem = f"the source failed: {_said(error)}"
            raise FrameError(self._waiting.given, problem) from error
        raise error or StopIteration

    def _upscaled(self, came: Incoming) -> UpscaledFrame:
        """Return a frame's result."""
        if isinstance(came.depth, Exception):
            raise FrameError(came.number, _said(came.depth)) from came.depth
        try:
            depth = self._enlarged(came.depth)
        except DsdmsrError as error:
            raise FrameError(came.number, str(error)) from error
        now = time.perf_counter()
        self._done.append((now, now - came.time))
        return UpscaledFrame(
            index=came.number,
            stamp=came.stamp,
            lr_depth=came.depth,
            depth=depth,
            latency=now - came.time,
            dropped=self._waiting.dropped,
        )

    def _enlarged(self, depth: DepthMap) -> DepthMap:
        if not depth.valid.any():
            goal = self._upscaler.size.goal(*depth.shape)
            return empty_map(depth, goal, errors=self._errors)
        if not self._chosen:
            self._choose(depth)
        if self._steady is None:
            return self._upscaler(depth, errors=self._errors, buffers=self._buffers)
        large = self._upscaler(depth, errors=True)
        return self._steady(large, noisy=looks_noisy(depth.values, depth.valid))

    def _choose(self, depth: DepthMap) -> None:
        """Take what enlarges a map for all after it; the upscaler that was given stays as it is."""
        self.choice = self._upscaler.choice_for(depth)
        backend = self._upscaler.backend_for(depth)
        self._upscaler = copy.copy(self._upscaler)
        self._upscaler.backend, self._chosen = backend, True


def _said(error: Exception) -> str:
    """Return what an error says, and of which class it is, if it isn't one of ours."""
    if isinstance(error, DsdmsrError):
        return str(error)
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
