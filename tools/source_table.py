"""What comes out for the files of public sources: each is written, described and upscaled.

Each file goes through `dsdmsr info` and `dsdmsr upscale --scale 2`, with the options that its
source needs. What comes out is read again in the input's encoding, and has to hold the same depth.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.options import options
from benchmarks.common.results import made_by, save_results
from dsdmsr import DepthMap, read_depth
from dsdmsr.app.cli import main as dsdmsr
from dsdmsr.evaluation.report import markdown_table
from dsdmsr.io import read_stored
from dsdmsr.io.options import ReadOptions
from dsdmsr.zoo.names import DEFAULT_MODEL
from tools.source_files import GROUPS, Source

__all__ = ["described", "reading", "table"]

UNITS = {"m": "metres", "px": "pixels", "level": "grey levels", None: "an unknown unit"}
NEAR = 0.02
"""By what share of the range a median may move where a map becomes larger."""


def run(*arguments: object) -> str:
    """Return what a command prints; it has to succeed."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()) as said:
        code = dsdmsr([str(argument) for argument in arguments])
    if code:
        raise SystemExit(f"dsdmsr {' '.join(map(str, arguments))}: {said.getvalue()}")
    return printed.getvalue()


def described(source: Source, path: Path) -> dict[str, Any]:
    """Return what `dsdmsr info` says of a source's file, as far as the table shows it."""
    said = json.loads(run("info", path, *source.options, "--json"))
    if isinstance(said, list):  # of the frames of a recording
        (said,) = said
    return {
        "encoding": said["encoding"] if isinstance(said["encoding"], str) else None,
        "meaning": said["encoding_meaning"],
        "assumed": said["encoding_assumed"],
        "kind": said["kind"],
        "unit": said["unit"],
        "holes": said["pixels"] - said["valid_pixels"],
        "recognised": any("taken for no surface" in note for note in said["metadata"]["notes"]),
        "declared": said["metadata"]["declares_invalid"],
        "numbers": hole_numbers(path, reading(path, source)),
    }


def hole_numbers(path: Path, depth: DepthMap) -> list[str]:
    """Return the numbers that stand in the holes of a map's file."""
    stored = read_stored(path).numbers[~depth.valid].astype(np.float64)
    return [f"{number:.7g}" for number in np.unique(stored)]


def row(source: Source, folder: Path) -> dict[str, Any]:
    """Return a source's row: its file is written, described and upscaled."""
    path = source.make(folder / "in")
    before = described(source, path)
    out = folder / "out"
    run("upscale", path, "--output-dir", out, *source.options, "--scale", 2)
    (upscaled,) = out.iterdir()
    lr_depth = reading(path, source)
    hr_depth = read_depth(upscaled, lr_depth.encoding)
    check(source, lr_depth, hr_depth)
    return {
        "name": source.name,
        "file": "".join(Path(source.file).suffixes[-1:]),
        "dtype": read_stored(path).numbers.dtype.name,
        "options": " ".join(source.options),
        "remark": source.remark,
        "read": before,
        "out": {
            "file": upscaled.suffix,
            "dtype": read_stored(upscaled).numbers.dtype.name,
            "numbers": hole_numbers(upscaled, hr_depth),
        },
    }


def reading(path: Path, source: Source) -> DepthMap:
    """Return a source's map, read with the options that it needs."""
    given = dict(zip(source.options[::2], source.options[1::2], strict=True))
    scale = given.get("--units-per-metre")
    return ReadOptions(
        encoding=given.get("--encoding"),
        from_kind=given.get("--from-kind"),  # type: ignore[arg-type]
        units_per_metre=None if scale is None else float(scale),
    ).read(path)


def check(source: Source, lr_depth: DepthMap, hr_depth: DepthMap) -> None:
    """Check that what came out is the same scene in the same unit, with the same holes."""
    low, high = lr_depth.values[lr_depth.valid], hr_depth.values[hr_depth.valid]
    moved = abs(float(np.median(high)) - float(np.median(low))) / float(np.ptp(low))
    holes = abs(float(hr_depth.valid.mean()) - float(lr_depth.valid.mean()))
    if moved > NEAR or holes > NEAR or hr_depth.kind != lr_depth.kind:
        raise SystemExit(
            f"{source.name}: what came out is another scene ({moved:.3f}, {holes:.3f})"
        )


def measure() -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each group."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for group, sources in GROUPS.items():
        rows[group] = []
        for source in sources:
            with tempfile.TemporaryDirectory() as folder:
                rows[group].append(row(source, Path(folder)))
            print(source.name)
    return rows


def table(results: dict[str, Any]) -> str:
    """Return a table for each group, and the line that says what made them."""
    head = ["source", "file", "give", "read as", "nothing here", "comes out as"]
    parts = []
    for group, rows in results["groups"].items():
        lines = markdown_table(head, [_cells(each) for each in rows], names=len(head))
        parts.append("\n".join([f"**{group[0].upper()}{group[1:]}**", "", *lines]))
    return "\n\n".join([*parts, made_by(results)])


def _cells(row: dict[str, Any]) -> list[str]:
    read, out = row["read"], row["out"]
    encoding = f"`{read['encoding']}`" if read["encoding"] else read["meaning"]
    if read["assumed"]:
        encoding += " (assumed)"
    nothing = _numbers(read["numbers"])
    if read["declared"]:
        nothing += ", declared"
    elif read["recognised"]:
        nothing += ", recognised"
    return [
        row["name"],
        f"`{row['file'].lower()}`, {row['dtype']}",
        f"`{row['options']}`" if row["options"] else "",
        f"{encoding}: {_kind(read['kind'], read['unit'], row['remark'])}",
        nothing,
        f"`{out['file']}`, {out['dtype']}, {_numbers(out['numbers'])}",
    ]


def _kind(kind: str, unit: str | None, remark: str) -> str:
    """Return the kind and the unit of a map, and what else one has to know."""
    if kind == "inverse_depth":
        text = "inverse depth per metre" if unit == "m" else "relative inverse depth"
    elif unit is None and remark.startswith("in "):
        return f"{kind} {remark}"
    else:
        text = f"{kind} in {UNITS[unit]}"
    return f"{text}; {remark}" if remark else text


def _numbers(numbers: list[str]) -> str:
    names = {"nan": "NaN", "inf": "∞", "-inf": "−∞"}
    shown = [
        names.get(each, each.replace("e+0", "e").replace("e+", "e").replace("-", "−"))
        for each in numbers
    ]
    return ", ".join(shown) or "none"


def main() -> None:
    options(__doc__).parse_args()
    command = "python -m tools source_table"
    save_results("sources", command, {"groups": measure()}, [DEFAULT_MODEL])
