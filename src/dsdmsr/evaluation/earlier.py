"""Earlier results as figures beside those of this run."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from dsdmsr.errors import ConfigError
from dsdmsr.evaluation.protocols import Protocol
from dsdmsr.evaluation.records import Mean, PublishedFigure, Score
from dsdmsr.evaluation.results import ProtocolResults, Results

__all__ = ["EarlierResults"]

_SETTINGS = ("degradation", "lr_rounded", "noise", "seeds", "rounded", "dropped")
"""What makes figures of one protocol comparable."""


class EarlierResults:
    """A results file, whose methods are put into the tables of another run.

    Args:
        path: The file.

    Raises:
        FileError: If it is missing, or no results file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._results = Results.read(path)
        day, commit = self._results.date[:10], self._results.commit
        self._source = f"{path.name}, {day}" + (f", commit {commit}" if commit else "")

    def check(self, protocol: Protocol) -> None:
        """Check, before anything is measured, that the file has a protocol in the same form.

        Raises:
            ConfigError: If it doesn't.
        """
        for earlier in self._results.protocols:
            if earlier.letter != protocol.letter:
                continue
            for setting in _SETTINGS:
                then, now = getattr(earlier, setting), getattr(protocol, setting)
                if then != now:
                    raise ConfigError(
                        f"{self.path} has protocol ({protocol.letter}) with {setting} {then}, not "
                        f"{now}: measure again"
                    )
            return
        raise ConfigError(f"{self.path} has no protocol ({protocol.letter}): leave the file out")

    def beside(self, summary: ProtocolResults) -> ProtocolResults:
        """Return results with the figures of this file beside them.

        Raises:
            ConfigError: If a set had other maps.
        """
        earlier = next(p for p in self._results.protocols if p.letter == summary.letter)
        scenes = {(s.set, s.scene) for s in earlier.scores}
        for one in sorted({(s.set, s.scene) for s in summary.scores} ^ scenes):
            where = "not in" if one not in scenes else "only in"
            raise ConfigError(f"{one[1]} of set {one[0]} is {where} {self.path}: measure again")
        taken = {mean.method for mean in summary.means}
        figures = [f for score in earlier.scores for f in self._figures(score, summary, taken)]
        figures += [f for mean in earlier.means for f in self._figures(mean, summary, taken)]
        return replace(summary, published=(*summary.published, *figures))

    def _figures(
        self, of: Score | Mean, summary: ProtocolResults, taken: Collection[str]
    ) -> list[PublishedFigure]:
        """Return the figures of a score or mean, at the scales of this run."""
        if of.scale not in summary.scales:
            return []
        again = of.method in taken
        return [
            PublishedFigure(
                set=of.set,
                scene=of.scene if isinstance(of, Score) else "mean",
                scale=of.scale,
                metric=metric,
                unit=next(maps.unit for maps in summary.sets if maps.name == of.set),
                method=f"{of.method} ({self.path.stem})" if again else of.method,
                sees="depth",
                value=value,
                source=self._source,
            )
            for metric, value in of.metrics.items()
            if value is not None
        ]
