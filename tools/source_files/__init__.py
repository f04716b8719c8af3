"""Files as public sources of depth write them, for tests and for the table of sources."""

from __future__ import annotations

from tools.source_files.cameras import CAMERAS
from tools.source_files.data_sets import DATA_SETS
from tools.source_files.ground import GROUND
from tools.source_files.middleware import MIDDLEWARE
from tools.source_files.networks import NETWORKS
from tools.source_files.phones import PHONES
from tools.source_files.renderers import RENDERERS
from tools.source_files.source import Source

__all__ = ["GROUPS", "SOURCES"]

GROUPS: dict[str, tuple[Source, ...]] = {
    "renderers and simulators": RENDERERS,
    "sensors and cameras": CAMERAS,
    "data sets": DATA_SETS,
    "phones": PHONES,
    "middleware, photogrammetry, programs": MIDDLEWARE,
    "networks": NETWORKS,
    "maps of the ground": GROUND,
}
SOURCES = tuple(source for group in GROUPS.values() for source in group)
