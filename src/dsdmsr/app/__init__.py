"""Doors for people: the command line."""

import os

# A network's layers take tens of megabytes each from the system, again and again. In small pages
# the system needs as much time for that as the arithmetic does; in large ones (Linux), little.
# torch reads this when it first takes memory.
os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
