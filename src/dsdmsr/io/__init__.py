"""Depth files to maps and back; see `dsdmsr.io.encodings.ENCODINGS` for what numbers can mean."""

from dsdmsr.io.encodings import ENCODINGS, Encoding
from dsdmsr.io.files import (
    SUFFIXES,
    check_output,
    choose_encoding,
    default_encoding,
    interpret,
    read_depth,
    read_numbers,
    split_member,
    write_bands,
    write_depth,
)

__all__ = [
    "ENCODINGS",
    "SUFFIXES",
    "Encoding",
    "check_output",
    "choose_encoding",
    "default_encoding",
    "interpret",
    "split_member",
    "read_depth",
    "read_numbers",
    "write_bands",
    "write_depth",
]
