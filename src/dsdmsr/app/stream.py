"""The command that upscales the frames of a sensor as they come."""

from __future__ import annotations

import time
from contextlib import ExitStack
from threading import Event, Lock
from typing import Annotated

from cyclopts import Parameter

from dsdmsr.app.console import print_remark, print_result, status_line
from dsdmsr.app.options import flattened
from dsdmsr.app.recorder import Recorder, Recording
from dsdmsr.app.stopping import check_stop
from dsdmsr.app.stream_sources import Origin, open_source
from dsdmsr.errors import DsdmsrError, FileError, FrameError
from dsdmsr.io.formats import check_suffix
from dsdmsr.upscaling.files import Upscaled
from dsdmsr.upscaling.memory import keep_memory
from dsdmsr.upscaling.options import StreamOptions
from dsdmsr.upscaling.remarks import remarks
from dsdmsr.upscaling.stream import Stream
from dsdmsr.upscaling.upscaler import Upscaler

__all__ = ["stream"]

flattened(StreamOptions)
_NAMED_MAX = 5
_SILENT = 2.0
"""Seconds without a frame after which the line says so."""


def stream(
    source: Annotated[str, Parameter(name="SRC")],
    /,
    *,
    recording: Recording | None = None,
    options: StreamOptions | None = None,
) -> int:
    """Run `dsdmsr stream`; return 0, or 1 if some of the frames failed.

    Args:
        source: A folder, whose depth files are taken as they come; a recording (.bag, .mcap, .db3,
            a ROS 2 bag), or a topic of one (FILE#TOPIC); or realsense, the first RealSense camera
            (realsense:640x480 for depth of that size; a folder of that name is ./realsense).
        recording: See `Recording`.
        options: See `StreamOptions`.

    Raises:
        DsdmsrError: If nothing can be done as asked.
    """
    recording, options = recording or Recording(), options or StreamOptions()
    recording.check(source, options)
    ended = Event()
    opened = open_source(source, options, ended)
    upscaler = Upscaler.from_options(options)
    keep_memory()
    frames = upscaler.stream(
        opened.frames,
        read=opened.read,
        newest=options.newest,
        temporal=options.temporal,
        errors=options.confidence is not None,
        reuse=recording.output is None,
        waiting=check_stop,
    )
    run = _Run(frames, recording, options, upscaler)
    try:
        with ExitStack() as stack:
            stack.enter_context(frames)
            # The source looks at it while it waits, so that closing need not wait.
            stack.callback(ended.set)
            run.go()
    finally:
        run.finish()
    if not run.seen:
        raise run.failures[0] if run.failures else FileError(opened.nothing)
    return 1 if run.failed else 0


class _Run:
    """What a stream does, and what is said of it."""

    def __init__(
        self, frames: Stream, recording: Recording, options: StreamOptions, upscaler: Upscaler
    ) -> None:
        self.seen = self.failed = self._written = 0
        self.failures: list[DsdmsrError] = []
        """The first of them: there may be any number of frames."""
        self._frames, self._options, self._output = frames, options, recording.output
        self._last, self._has_remarked = time.monotonic(), False
        self._lock = Lock()
        self._recorder: Recorder | None = None
        if recording.output is not None:
            self._recorder = Recorder(
                recording.output,
                check_suffix(recording.format),
                options,
                upscaler,
                written=self._count,
                failed=self._fail,
            )

    def go(self) -> None:
        """Take frame after frame, until there are no more."""
        with status_line(self._line) as happened:
            while True:
                try:
                    frame = next(self._frames)
                except StopIteration:
                    return
                except FrameError as error:
                    self._fail(error)
                    continue
                self.seen, self._last = self.seen + 1, time.monotonic()
                if self._recorder is not None:
                    self._recorder.add(frame, self._frames.choice)
                else:
                    encoding = frame.lr_depth.encoding or "float"
                    taken = Upscaled(frame.lr_depth, encoding, choice=self._frames.choice)
                    self._remark(frame.stamp, taken)
                check_stop()
                happened()

    def finish(self) -> None:
        """Wait until all is written, and say how it went."""
        if self._recorder is not None:
            self._recorder.close()
        if not self.seen:
            return
        wrote = "" if self._output is None else f", wrote {self._written:,} files to {self._output}"
        print_result(f"upscaled {self._figures()}{wrote}")
        for failure in self.failures:
            print_remark(f"failed: {failure}")
        if (more := self.failed - len(self.failures)) > 0:
            print_remark(f"failed: {more:,} more")

    def _count(self, origin: Origin, taken: Upscaled) -> None:
        """Count a file that was written."""
        self._written += 1
        self._remark(origin, taken)

    def _fail(self, error: DsdmsrError) -> None:
        """Keep a failure; the threads that upscale and write both have some."""
        with self._lock:
            self.failed += 1
            if len(self.failures) < _NAMED_MAX:
                self.failures.append(error)

    def _remark(self, origin: Origin, taken: Upscaled) -> None:
        """Print what was assumed or chosen for the first frame that shows something."""
        if self._has_remarked or not taken.depth.valid.any():
            return
        self._has_remarked = True
        for line in remarks(taken, self._options):
            print_remark(f"{origin.name}: {line}")

    def _line(self) -> str:
        """Return how things stand."""
        silent = time.monotonic() - self._last
        waiting = f", nothing for {silent:.0f} s" if silent >= _SILENT else ""
        return f"{self._figures()}{waiting}"

    def _figures(self) -> str:
        now = self._frames.statistics
        parts = [f"{now.frames:,} frames"]
        if now.frames > 1:
            late = (1000 * seconds for seconds in (now.latency_p50, now.latency_p95))
            p50, p95 = (f"{each:.0f} ms" for each in late)
            parts += [f"{now.frames_per_second:.1f} a second", f"latency {p50} (95 %: {p95})"]
        counts = {"dropped": now.dropped, "failed": self.failed, "stalls": now.stalls}
        return ", ".join([*parts, *(f"{name} {n:,}" for name, n in counts.items() if n)])
