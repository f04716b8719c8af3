"""Real depth files upscaled ×4: a part of one map of every folder of the data.

Writes figures/gallery.png, which stays out of the repository: input, bicubic over holes that are
filled from the nearest pixels, and dsdmsr-base, with holes in magenta.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from rich.progress import track

from benchmarks.common.options import ROOT, with_data
from docs.figures.colours import tinted
from docs.figures.comparison import SCALE, bicubic
from dsdmsr import DepthMap, Upscaler, read_depth
from dsdmsr.depth.holes import enlarge_valid, fill_nearest

PICTURE = ROOT / "figures" / "gallery.png"
SIDE, GAP = 96, 8
FILES = {
    "nyu/raw_holes/sync_depth_00000.png": None,
    "nyu/raw_holes/sync_depth_00050.png": None,
    "phone_lidar/lr_192x256.png": None,
    "dtu/depth_map_0000.pfm": "dtu",
    "nyu/eval/1001.npz": None,
    "icl_nuim/train/livingroom1_00100.png": None,
    "lu_rgbd/eval/02.png": None,
    "middlebury/eval/original_third/art_disp1.png": None,
    "middlebury/eval/original_classic/cones_disp2.png": None,
    "middlebury/train/full/bowling2.png": "disparity16",
    "sintel/train/df_14.png": "levels16",
    "flyingthings/train/ft_a.npz": "disparity",
    "hci_lightfield/train/antinous.npz": "disparity",
    "rendered/train/taskonomy_point_0_view_0_depth_euclidean.png": "vkitti2",
}
"""File → what its numbers mean."""


def busiest(depth: DepthMap) -> tuple[slice, slice]:
    """Return the part of a map where it changes most often, holes included."""
    low, high = np.percentile(depth.values[depth.valid], [1, 99])
    rough = np.where(depth.valid, depth.values, high + (high - low))
    edges = np.zeros(depth.shape)
    for axis in (0, 1):
        jumps = np.abs(np.diff(rough, axis=axis)) > 0.02 * (high - low)
        edges[tuple(slice(0, n) for n in jumps.shape)] += jumps
    best = max(
        (
            (top, left)
            for top in range(0, max(depth.shape[0] - SIDE, 0) + 1, 16)
            for left in range(0, max(depth.shape[1] - SIDE, 0) + 1, 16)
        ),
        key=lambda at: edges[at[0] : at[0] + SIDE, at[1] : at[1] + SIDE].sum(),
    )
    return slice(best[0], best[0] + SIDE), slice(best[1], best[1] + SIDE)


def panel(values: NDArray, valid: NDArray[np.bool_], ends: tuple[float, float]) -> Image.Image:
    """Return a map in colours, holes in magenta."""
    light = np.clip((values - ends[0]) / (ends[1] - ends[0] or 1), 0, 1)
    pixels = np.array(tinted(1 - light))
    pixels[~valid] = (255, 0, 255)
    return Image.fromarray(pixels)


def row(path: Path, encoding: str | None, upscaler: Upscaler) -> list[Image.Image]:
    """Return the three panels of a file."""
    whole = read_depth(path, encoding)
    part = busiest(whole)
    depth = DepthMap(whole.values[part], whole.valid[part], kind=whole.kind, unit=whole.unit)
    ends = float(depth.values[depth.valid].min()), float(depth.values[depth.valid].max())
    resized = bicubic(fill_nearest(depth.values, depth.valid))
    pred = upscaler(depth)
    blocks = (x.repeat(SCALE, 0).repeat(SCALE, 1) for x in (depth.values, depth.valid))
    return [
        panel(*blocks, ends),
        panel(resized, enlarge_valid(depth.valid, SCALE), ends),
        panel(pred.values, pred.valid, ends),
    ]


def main() -> None:
    data = with_data(__doc__).parse_args().data
    upscaler = Upscaler.from_pretrained(scale=SCALE, device="cpu")
    side = SIDE * SCALE
    columns = 2
    height = -(-len(FILES) // columns) * (side + GAP + 14)
    sheet = Image.new("RGB", (columns * 3 * (side + GAP), height), "white")
    write = ImageDraw.Draw(sheet).text
    for k, (name, encoding) in enumerate(track(FILES.items(), "plotting")):
        top, left = k // columns * (side + GAP + 14), k % columns * 3 * (side + GAP)
        write((left, top), f"{name}: input, bicubic, dsdmsr-base", fill="black")
        for n, image in enumerate(row(data / name, encoding, upscaler)):
            sheet.paste(image, (left + n * (side + GAP), top + 14))
    PICTURE.parent.mkdir(exist_ok=True)
    sheet.save(PICTURE)
    print(f"wrote {PICTURE}")
