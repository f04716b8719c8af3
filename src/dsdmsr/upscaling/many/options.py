"""Options of upscaling more files than one machine can hold."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dsdmsr.errors import ConfigError
from dsdmsr.io.formats import check_suffix, format_option
from dsdmsr.upscaling.options import UpscaleOptions

__all__ = ["ManyOptions", "check_options"]


@dataclass(frozen=True, kw_only=True)
class ManyOptions:
    """Say where the work is done, and what is kept of it.

    Raises:
        ConfigError: If a number or the address is out of range.

    Example:
        >>> ManyOptions(workers=2, address="auto").address
        'auto'
    """

    workers: int | None = None
    """How many processes work at most, each with one network and one processor. Default: as many as
    there are processors, those of nodes that join meanwhile included."""
    address: str | None = None
    """HOST:PORT of a Ray cluster to join, or auto for the one of this machine. Default: a local Ray
    is started, and stopped at the end."""
    gpus: float = 0
    """The share of a GPU that each process has, such as 0.25; with --backend torch."""
    ledger: str | None = None
    """A folder, or a URL of one, for the ledger. Default: _ledger in the output."""
    format: str | None = format_option("outputs", "the input")
    """The format of outputs. Default: that of the input."""

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise ConfigError(f"workers is {self.workers}: give 1 or more")
        if not 0 <= self.gpus <= 1 and self.gpus != int(self.gpus):
            raise ConfigError(f"gpus is {self.gpus:g}: give a share from 0 to 1, or a whole number")
        address = self.address
        if address is not None and address != "auto" and not re.fullmatch(r".+:\d+", address):
            raise ConfigError(f"address is {address!r}: give HOST:PORT, or auto")
        check_suffix(self.format)

    @property
    def suffix(self) -> str | None:
        """The suffix that `format` names."""
        return check_suffix(self.format)


def check_options(options: UpscaleOptions) -> None:
    """Check that options of upscaling serve maps that many processes upscale, in any order.

    Raises:
        ConfigError: If one doesn't.
    """
    if options.temporal:
        raise ConfigError("--temporal needs a sequence's frames in order: use dsdmsr upscale")
    if options.preview is not None:
        raise ConfigError("--preview shows a few maps: use dsdmsr upscale for it")
