"""The shares of processes that train together."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["SINGLE_PROCESS", "Rank"]


class Rank(NamedTuple):
    """One of several processes that share each batch."""

    number: int = 0
    """From 0."""
    of: int = 1
    """How many processes there are."""

    def slice(self, count: int) -> slice:
        """Return which of a batch's `count` crops are its own."""
        return slice(count * self.number // self.of, count * (self.number + 1) // self.of)

    def of_worker(self, worker: int, workers: int) -> Rank:
        """Return the rank of one of its worker processes among those of all."""
        return Rank(self.number * workers + worker, self.of * workers)


SINGLE_PROCESS = Rank()
