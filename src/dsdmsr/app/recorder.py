"""The recording of a stream: a thread that writes its frames, a file each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Annotated

from cyclopts import Parameter

from dsdmsr.app.files import pair_in, with_suffix
from dsdmsr.app.options import flattened
from dsdmsr.app.stream_sources import Origin, is_camera
from dsdmsr.errors import ConfigError, DsdmsrError, FileError, FrameError
from dsdmsr.io import ERROR_SUFFIXES, SUFFIXES
from dsdmsr.io.formats import check_suffix, format_option
from dsdmsr.upscaling.auto import Choice
from dsdmsr.upscaling.files import Upscaled, write_upscaled
from dsdmsr.upscaling.incoming import Handover
from dsdmsr.upscaling.options import StreamOptions
from dsdmsr.upscaling.stream import UpscaledFrame
from dsdmsr.upscaling.upscaler import Upscaler

__all__ = ["Recorder", "Recording"]

_MOST = 2
"""Frames that wait to be written."""


@flattened
@dataclass(frozen=True, kw_only=True)
class Recording:
    """Say where the frames of a stream are written.

    Raises:
        ConfigError: If there is no such format, or the output is a file's name.
    """

    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None
    """A folder for the upscaled frames, a file each, created if missing. Default: none is written,
    and the figures are all that is shown."""
    format: str | None = format_option("these files", "the source")
    """The format of these files. Default: that of the source."""

    def __post_init__(self) -> None:
        suffix = check_suffix(self.format)
        if self.output is None and suffix is not None:
            raise ConfigError("--format is that of --output (-o): give both, or leave it out")
        if self.output is not None and self.output.suffix.lower() in SUFFIXES:
            raise ConfigError(f"{self.output} is a file's name: give -o a folder")

    def check(self, source: str, options: StreamOptions) -> None:
        """Check that files of several kinds don't get into one folder.

        Raises:
            ConfigError: If something is to be written beside an output that isn't.
            FileError: If they would.
        """
        folders = {
            "the source": None if is_camera(source) else Path(source),
            "--output": self.output,
            "--filled": options.filled,
            "--confidence": options.confidence,
        }
        if self.output is None and (options.filled or options.confidence):
            raise ConfigError("--filled and --confidence go with --output (-o): give it, too")
        there: dict[Path, str] = {}
        for name, folder in folders.items():
            if folder is None:
                continue
            if folder.is_file() and name != "the source":
                raise FileError(f"{folder} is a file: give {name} a folder")
            other = there.setdefault(folder.resolve(), name)
            if other != name:
                raise FileError(f"{folder} is {other}, too: give {name} another folder")


class Recorder:
    """Write the frames of a stream in a thread of its own; a frame's fault stops no other.

    Args:
        folder: Where.
        suffix: The suffix of the files. Default: that of the source.
        options: How they are written.
        upscaler: What upscales them.
        written: Is called by the thread for each frame that was written.
        failed: Is called by the thread for each frame that could not be written.
    """

    def __init__(
        self,
        folder: Path,
        suffix: str | None,
        options: StreamOptions,
        upscaler: Upscaler,
        *,
        written: Callable[[Origin, Upscaled], object],
        failed: Callable[[DsdmsrError], object],
    ) -> None:
        self._folder, self._suffix, self._options = folder, suffix, options
        self._upscaler, self._written, self._failed = upscaler, written, failed
        self._frames: Handover[tuple[UpscaledFrame, Choice | None]] = Handover(_MOST)
        # Not a daemon: what it is writing is written to its end.
        self._thread = Thread(target=self._run, name="dsdmsr-recorder")
        self._thread.start()

    def add(self, frame: UpscaledFrame, choice: Choice | None) -> None:
        """Have a frame be written; wait while others do."""
        self._frames.put((frame, choice))

    def close(self) -> None:
        """Wait until all is written, and end the thread."""
        if self._thread.is_alive():
            self._frames.end()
            self._thread.join()

    def _run(self) -> None:
        while (item := self._frames.get()) is not None:
            frame, choice = item
            try:
                self._written(frame.stamp, self._write(frame, choice))
            except DsdmsrError as error:
                self._failed(FrameError(frame.index, str(error)))
            except Exception as error:  # one frame's fault is not the end of the others
                self._failed(FrameError(frame.index, f"{type(error).__name__}: {error}"))

    def _write(self, frame: UpscaledFrame, choice: Choice | None) -> Upscaled:
        options = self._options
        pair = pair_in(self._folder, frame.stamp.found, self._suffix)
        marks, errors = options.filled, options.confidence
        options = replace(
            options,
            filled=None if marks is None else marks / with_suffix(pair.name, [".png"]),
            confidence=None if errors is None else errors / with_suffix(pair.name, ERROR_SUFFIXES),
        )
        return write_upscaled(
            pair.target,
            frame.depth,
            frame.lr_depth,
            options,
            upscaler=self._upscaler,
            choice=choice,
        )
