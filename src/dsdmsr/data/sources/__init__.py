"""Raw data sets, as they are downloaded; `SOURCES` is the table of them."""

from collections.abc import Callable

from dsdmsr.data.sources.dtu import dtu
from dsdmsr.data.sources.folder import folder_of_files
from dsdmsr.data.sources.middlebury import middlebury
from dsdmsr.data.sources.nyu import nyu
from dsdmsr.data.sources.rendered import synthetic
from dsdmsr.data.sources.source import Source

__all__ = ["SOURCES", "Source"]

SOURCES: dict[str, Callable[..., Source]] = {
    "dtu": dtu,
    "middlebury": middlebury,
    "nyu": nyu,
    "folder": folder_of_files,
    "synthetic": synthetic,
}
"""Name, also of the command ``dsdmsr prepare NAME`` → what finds the set; each has its options."""
