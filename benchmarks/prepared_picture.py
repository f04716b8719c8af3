"""Draw what comes out of `dsdmsr prepare`, on rendered scenes in each data set's form.

python benchmarks/prepared_picture.py
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dsdmsr import read_depth
from dsdmsr.app.cli import main as dsdmsr
from dsdmsr.data.crops import Shards
from dsdmsr.data.prepared.pyramid import LEVELS, level_name
from dsdmsr.io.png import write_png
from dtu_like import make_tree, millimetres
from options import ROOT
from picture import tinted

PAGES = ROOT / "docs" / "data"
HOLE = (188, 188, 188)
HEAD, GAP, HEIGHT = 30, 10, 330
VGA = (480, 640)


def picture(
    depth: NDArray[np.float32], valid: NDArray[np.bool_], *, near_is_small: bool
) -> Image.Image:
    """Return a map in colours, near light, holes grey."""
    low, high = depth[valid].min(), depth[valid].max()
    share = (depth - low) / max(float(high - low), 1e-9)
    image = np.array(tinted(1 - share if near_is_small else share))
    image[~valid] = HOLE
    return Image.fromarray(image)


def sheet(panels: list[tuple[str, Image.Image]]) -> Image.Image:
    """Return panels of one height side by side, each under its name."""
    font = ImageFont.load_default(size=18)
    width = sum(image.width for _, image in panels) + GAP * (len(panels) - 1)
    made = Image.new("RGB", (width, HEAD + max(image.height for _, image in panels)), "white")
    pen, left = ImageDraw.Draw(made), 0
    for name, image in panels:
        pen.text((left + 2, 4), name, fill="black", font=font)
        made.paste(image, (left, HEAD))
        left += image.width + GAP
    return made


def run(*arguments: object) -> None:
    if dsdmsr([str(argument) for argument in arguments]):
        raise SystemExit(f"dsdmsr {' '.join(map(str, arguments))} failed")


def dtu(work: Path) -> Image.Image:
    """The levels of a pyramid, the largest made smaller to fit, the others larger."""
    source = make_tree(work / "source", 2, 1, (1200, 1600))
    run("prepare", "dtu", source, work / "made", "--pyramid")
    with (work / "made" / "train.csv").open() as file:
        row = next(csv.DictReader(file))
    panels = []
    for size in LEVELS:
        level = read_depth(work / "made" / row[f"image_{size[1]}x{size[0]}_path"], "dtu16")
        image = picture(level.values, level.valid, near_is_small=True)
        side = 256
        image = image.resize((side * 5 // 4, side), Image.Resampling.NEAREST)
        panels.append((level_name(size), image))
    return sheet(panels)


def with_crops(
    made: Path, name: str, depth: NDArray[np.float32], valid: NDArray[np.bool_], near_is_small: bool
) -> Image.Image:
    """A map as it was, and crops that training reads."""
    first = picture(depth, valid, near_is_small=near_is_small)
    first = first.resize((HEIGHT * first.width // first.height, HEIGHT), Image.Resampling.NEAREST)
    side = (HEIGHT - GAP) // 2
    crops = Shards(made).crops(1, range(10), 96)
    grid = Image.new("RGB", (5 * side + 4 * GAP, HEIGHT), "white")
    for k in range(10):
        values, usable = crops.hr_depth[k, 0].numpy(), crops.valid[k, 0].numpy()
        crop = picture(values, usable, near_is_small=near_is_small).resize((side, side), 0)
        grid.paste(crop, ((k % 5) * (side + GAP), (k // 5) * (side + GAP)))
    return sheet([(name, first), ("crops of 96 by 96 pixels, read from the shards", grid)])


def middlebury(work: Path) -> Image.Image:
    shown = None
    for k in range(1, 11):
        depth = millimetres(20 + k, (370, 465))
        levels = np.where(depth > 0, np.round(80_000 / np.maximum(depth, 1)), 0).astype(np.uint8)
        (work / "source" / f"Scene{k}").mkdir(parents=True)
        write_png(work / "source" / f"Scene{k}" / "disp1.png", levels)
        shown = levels if shown is None else shown
    run("prepare", "middlebury", work / "source", work / "made")
    assert shown is not None
    values = shown.astype(np.float32)
    return with_crops(work / "made", "disparity, grey levels", values, shown > 0, False)


def nyu(work: Path) -> Image.Image:
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
    run("prepare", "nyu", work / "nyu_depth_v2_labeled.mat", work / "made", "--raw")
    return with_crops(work / "made", "raw depth, metres", maps[0], maps[0] > 0, True)


def folder(work: Path) -> Image.Image:
    depths = [millimetres(60 + k, (360, 480)) for k in range(10)]
    for k, depth in enumerate(depths):
        (work / "source" / f"recording{k}").mkdir(parents=True)
        write_png(work / "source" / f"recording{k}" / "0001.png", depth.astype(np.uint16))
    run("prepare", "folder", work / "source", work / "made", "--units-per-value", 0.001)
    return with_crops(work / "made", "16-bit PNG, millimetres", depths[0], depths[0] > 0, True)


def synthetic(work: Path) -> Image.Image:
    run("prepare", "synthetic", work / "made", "--count", 10)
    from dsdmsr.data.scenes.rendered import render_depth

    scene = render_depth(0, 0, VGA)
    return with_crops(work / "made", "rendered, metres", scene.values, scene.valid, True)


DRAWN: dict[str, Callable[[Path], Image.Image]] = {
    "dtu": dtu,
    "middlebury": middlebury,
    "nyu": nyu,
    "folder": folder,
    "synthetic": synthetic,
}
"""Page → what draws its picture."""


def main() -> None:
    for page, draw in DRAWN.items():
        with tempfile.TemporaryDirectory() as work:
            path = PAGES / f"{page}.png"
            draw(Path(work)).quantize(200).save(path, optimize=True)
            print(f"wrote {path}")


if __name__ == "__main__":
    main()
