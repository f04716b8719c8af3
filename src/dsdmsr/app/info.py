"""The command that describes depth files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from dsdmsr.app.console import has_all_characters, print_remark, print_result
from dsdmsr.app.descriptions import as_document, as_line, as_lines
from dsdmsr.app.options import ReadOptions
from dsdmsr.app.previews import MapPreviews
from dsdmsr.app.standard_streams import is_stream, stdin_as_file
from dsdmsr.depth.map import DepthMap
from dsdmsr.errors import ConfigError, DsdmsrError
from dsdmsr.io.patterns import depth_files

__all__ = ["info"]


def info(
    inputs: Annotated[list[str], Parameter(name="IN")],
    /,
    *,
    options: ReadOptions | None = None,
    full: bool = False,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    recursive: bool = False,
    preview: Path | None = None,
    overwrite: bool = False,
) -> int:
    """Run `dsdmsr info`; return 0, or 1 if some of several files failed.

    Args:
        inputs: Depth files, folders of them, or patterns; - is standard input. Several files get a
            line each.
        options: What the numbers in the files mean.
        full: Describe each of several files in full.
        as_json: Print JSON: an object for a file, a list of them for several, a folder or a
            pattern; numbers are not rounded, and those that JSON lacks are "NaN", "Infinity" and
            "-Infinity".
        recursive: Search folders in folders, too.
        preview: A PNG file for a picture of the map and its shaded relief; of several files, a row
            for each of the first 12.
        overwrite: Replace the preview if it exists.

    Raises:
        ConfigError: If options contradict each other.
        FileError: If a file is missing or damaged, or the preview cannot be written.
        EncodingError: If the encoding doesn't fit the numbers.
        DepthError: If the numbers are not a depth map.
    """
    if full and as_json:
        raise ConfigError("--json is in full already: leave --full out")
    options = options or ReadOptions()
    documents: list[dict[str, Any]] = []
    failed = 0
    with stdin_as_file(inputs) as given:
        paths = depth_files(given, recursive=recursive)
        single = len(paths) == 1
        pictures = MapPreviews(preview, paths, overwrite=overwrite)
        for path in paths:
            name = "-" if str(path) in given and is_stream(inputs[given.index(str(path))]) else path
            try:
                dtype, depth, assumed = _read(path, options)
            except DsdmsrError as error:
                if single:
                    raise
                print_remark(f"failed: {error}")
                documents.append({"path": str(name), "error": str(error)})
                failed = 1
                continue
            pictures.add(path, depth)
            if as_json:
                documents.append(as_document(str(name), dtype, depth, assumed=assumed))
            elif single or full:
                print_result("\n".join(as_lines(path, dtype, depth, assumed=assumed)))
            else:
                print_result(as_line(path, dtype, depth, assumed=assumed))
        pictures.write()
    if as_json:
        # A folder or a pattern gives a list, however many files it stands for.
        content = documents[0] if given == [str(path) for path in paths] and single else documents
        # JSON has a form for any character that a console may lack.
        plain = not has_all_characters()
        print_result(json.dumps(content, indent=2, ensure_ascii=plain, allow_nan=False))
    return failed


def _read(path: Path, options: ReadOptions) -> tuple[str, DepthMap, bool]:
    """Return the type of a file's numbers, its map, and whether its encoding is a guess."""
    stored = options.read_stored(path)
    depth = options.interpret(stored, path)
    said = options.encoding is not None or depth.encoding == stored.encoding
    return stored.numbers.dtype.name, depth, isinstance(depth.encoding, str) and not said
