"""Depth files to maps and back; see `dsdmsr.io.encodings.ENCODINGS` for what numbers can mean."""

from dsdmsr.io.encodings import ENCODINGS, Encoding
from dsdmsr.io.error_files import (
    ERROR_SUFFIXES,
    check_error_output,
    error_writer,
    write_error,
)
from dsdmsr.io.files import (
    SUFFIXES,
    check_output,
    choose_encoding,
    default_encoding,
    interpret,
    member,
    read_depth,
    read_numbers,
    write_bands,
    write_depth,
)

__all__ = [
    "ENCODINGS",
    "ERROR_SUFFIXES",
    "SUFFIXES",
    "Encoding",
    "check_error_output",
    "check_output",
    "choose_encoding",
    "default_encoding",
    "error_writer",
    "interpret",
    "member",
    "read_depth",
    "read_numbers",
    "write_bands",
    "write_depth",
    "write_error",
]
