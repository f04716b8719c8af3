"""Depth files ⇄ `DepthMap`; see `dsdmsr.io.encodings.ENCODINGS` for what numbers can mean."""

from dsdmsr.io.choice import choose_encoding, default_encoding
from dsdmsr.io.encodings import ENCODINGS, Encoding
from dsdmsr.io.formats import ERROR_SUFFIXES, SUFFIXES, left_out, split_member
from dsdmsr.io.invalid import InvalidNumbers
from dsdmsr.io.options import ReadOptions
from dsdmsr.io.read import interpret, read_depth, read_numbers, read_stored
from dsdmsr.io.stored import Stored
from dsdmsr.io.write import check_output, check_picture_output, write_bands, write_depth

__all__ = [
    "ENCODINGS",
    "ERROR_SUFFIXES",
    "SUFFIXES",
    "Encoding",
    "InvalidNumbers",
    "ReadOptions",
    "Stored",
    "check_output",
    "check_picture_output",
    "choose_encoding",
    "default_encoding",
    "interpret",
    "left_out",
    "read_depth",
    "read_numbers",
    "read_stored",
    "split_member",
    "write_bands",
    "write_depth",
]
