"""Doors for people."""

import os

# A network's layers are tens of megabytes each, taken from the system anew in small pages: a third
# of the time. In large pages (Linux) it is a tenth. torch reads this when it first takes memory.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
