"""Results of ``dsdmsr prepare``, from rendered scenes in each data set's form."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from benchmarks.common.dtu_like import make_tree, millimetres
from benchmarks.common.options import DOCS
from docs.figures.colours import tinted
from dsdmsr import read_depth
from dsdmsr.app.cli import main as dsdmsr
from dsdmsr.data.crops import Shards
from dsdmsr.data.prepared.pyramid import LEVELS, level_name
from dsdmsr.data.scenes.rendered import render_depth
from dsdmsr.io.png import write_png

PAGES = DOCS / "data"
HOLE = (188, 188, 188)
HEAD, GAP, HEIGHT = 30, 10, 330
VGA = (480, 640)


def picture(
    depth: NDArray[np.float32], valid: NDArray[np.bool_], *, near_is_low: bool
) -> Image.Image:
    """Return a map in colours, near light, holes grey."""
    low, high = depth[valid].min(), depth[valid].max()
    share = (depth - low) / max(float(high - low), 1e-9)
    image = np.array(tinted(1 - share if near_is_low else share))
    image[~valid] = HOLE
    return Image.fromarray(image)


def sheet(panels: list[tuple[str, Image.Image]]) -> Image.Image:
    """Return panels of one height side by side, each under its name."""
    font = ImageFont.load_default(size=18)
    width = sum(image.width for _, image in panels) + GAP * (len(panels) - 1)
    whole = Image.new("RGB", (width, HEAD + max(image.height for _, image in panels)), "white")
    pen, left = ImageDraw.Draw(whole), 0
    for name, image in panels:
        pen.text((left + 2, 4), name, fill="black", font=font)
        whole.paste(image, (left, HEAD))
        left += image.width + GAP
    return whole


def run(*arguments: object) -> None:
    """Run the command."""
    if dsdmsr([str(argument) for argument in arguments]):
        raise SystemExit(f"dsdmsr {' '.join(map(str, arguments))} failed")


def dtu(work: Path) -> Image.Image:
    """Return the levels of a pyramid, at one size."""
    source = make_tree(work / "source", 2, 1, (1200, 1600))
    run("prepare", "dtu", source, work / "prepared", "--pyramid")
    with (work / "prepared" / "train.csv").open() as file:
        row = next(csv.DictReader(file))
    panels = []
    for size in LEVELS:
        level = read_depth(work / "prepared" / row[f"image_{size[1]}x{size[0]}_path"], "dtu16")
        image = picture(level.values, level.valid, near_is_low=True)
        side = 256
        image = image.resize((side * 5 // 4, side), Image.Resampling.NEAREST)
        panels.append((level_name(size), image))
    return sheet(panels)


def with_crops(
    prepared: Path,
    name: str,
    depth: NDArray[np.float32],
    valid: NDArray[np.bool_],
    *,
    near_is_low: bool,
) -> Image.Image:
    """Return a map as it was, and crops that training reads."""
    first = picture(depth, valid, near_is_low=near_is_low)
    first = first.resize((HEIGHT * first.width // first.height, HEIGHT), Image.Resampling.NEAREST)
    side = (HEIGHT - GAP) // 2
    crops = Shards(prepared).crops(1, range(10), 96)
    grid = Image.new("RGB", (5 * side + 4 * GAP, HEIGHT), "white")
    for k in range(10):
        values, usable = crops.hr_depth[k, 0].numpy(), crops.valid[k, 0].numpy()
        crop = picture(values, usable, near_is_low=near_is_low).resize((side, side), 0)
        grid.paste(crop, ((k % 5) * (side + GAP), (k // 5) * (side + GAP)))
    return sheet([(name, first), ("crops of 96 by 96 pixels, read from the shards", grid)])


def middlebury(work: Path) -> Image.Image:
    """Return disparities in grey levels."""
    shown = None
    for k in range(1, 11):
        depth = millimetres(20 + k, (370, 465))
        levels = np.where(depth > 0, np.round(80_000 / np.maximum(depth, 1)), 0).astype(np.uint8)
        (work / "source" / f"Scene{k}").mkdir(parents=True)
        write_png(work / "source" / f"Scene{k}" / "disp1.png", levels)
        shown = levels if shown is None else shown
    run("prepare", "middlebury", work / "source", work / "prepared")
    assert shown is not None
    values = shown.astype(np.float32)
    return with_crops(
        work / "prepared", "disparity, grey levels", values, shown > 0, near_is_low=False
    )


def nyu(work: Path) -> Image.Image:
    """Return raw depth of the labelled file."""
    import h5py

    maps = np.stack([millimetres(40 + k, VGA) * np.float32(0.005) for k in range(10)])
    work.mkdir(parents=True, exist_ok=True)
    with h5py.File(work / "nyu_depth_v2_labeled.mat", "w") as file:
        file["rawDepths"] = maps.transpose(0, 2, 1)
        names = file.create_group("#refs#")
        kept = file.create_dataset("scenes", (1, len(maps)), dtype=h5py.ref_dtype)
        for k in range(len(maps)):
            letters = np.array([[ord(c)] for c in f"room_{k:04d}"], dtype=np.uint16)
            kept[0, k] = names.create_dataset(str(k), data=letters).ref
    run("prepare", "nyu", work / "nyu_depth_v2_labeled.mat", work / "prepared", "--raw")
    return with_crops(
        work / "prepared", "raw depth, metres", maps[0], maps[0] > 0, near_is_low=True
    )


def folder(work: Path) -> Image.Image:
    """Return depth of a folder of PNG files."""
    depths = [millimetres(60 + k, (360, 480)) for k in range(10)]
    for k, depth in enumerate(depths):
        (work / "source" / f"recording{k}").mkdir(parents=True)
        write_png(work / "source" / f"recording{k}" / "0001.png", depth.astype(np.uint16))
    run("prepare", "folder", work / "source", work / "prepared", "--units-per-value", 0.001)
    return with_crops(
        work / "prepared", "16-bit PNG, millimetres", depths[0], depths[0] > 0, near_is_low=True
    )


def synthetic(work: Path) -> Image.Image:
    """Return rendered depth."""
    run("prepare", "synthetic", work / "prepared", "--count", 10)
    scene = render_depth(0, 0, VGA)
    return with_crops(
        work / "prepared", "rendered, metres", scene.values, scene.valid, near_is_low=True
    )


PICTURES: dict[str, Callable[[Path], Image.Image]] = {
    "dtu": dtu,
    "middlebury": middlebury,
    "nyu": nyu,
    "folder": folder,
    "synthetic": synthetic,
}
"""Page → its picture, given a folder to work in."""


def main() -> None:
    for page, plot in PICTURES.items():
        with tempfile.TemporaryDirectory() as work:
            path = PAGES / f"{page}.png"
            plot(Path(work)).quantize(200).save(path, optimize=True)
            print(f"wrote {path}")
