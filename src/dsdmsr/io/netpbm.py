"""The headers of PGM and PFM files: words between white space and comments.

Source: Netpbm's "PGM format specification": "#" begins a comment, up to the end of its line.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Header", "read_header"]

_LONGEST = 2**16
"""Bytes of a header, with its comments."""
_GAP = re.compile(rb"[ \t\n\v\f\r]+|#[^\n\r]*[\n\r]")
_WORD = re.compile(rb"[^ \t\n\v\f\r#]{1,40}")


class Header(NamedTuple):
    """The words of a header."""

    words: tuple[str, ...]
    """What stands between white space and comments."""
    end: int
    """The place behind the last."""


def read_header(content: bytes, count: int) -> Header | None:
    """Return the first words of a file; None if it has fewer, or one is too long for a number."""
    head, place, words = content[:_LONGEST], 0, []
    for number in range(count):
        start = place
        while gap := _GAP.match(head, place):
            place = gap.end()
        word = _WORD.match(head, place)
        if word is None or (number and place == start):
            return None
        words.append(word.group().decode("latin-1"))
        place = word.end()
    return Header(tuple(words), place)
