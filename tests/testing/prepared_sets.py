"""Small sets of maps, prepared, and what is in them."""

from __future__ import annotations

import csv
import json
import tarfile
from pathlib import Path

import numpy as np
import torch

from dsdmsr import DepthMap, write_depth
from dsdmsr.app.cli import main
from dsdmsr.data.prepare.plan import Forms
from dsdmsr.data.prepare.run import prepare
from dsdmsr.data.prepared.splits import Splitting
from dsdmsr.data.prepared.storage import numbers_from_bytes, restore
from dsdmsr.data.scenes.cutouts import CutoutConfig
from dsdmsr.data.scenes.render import SceneConfig
from dsdmsr.data.sources.dtu import dtu
from dsdmsr.data.sources.folder import folder_of_files
from dsdmsr.io.pfm import write_pfm

BOTH = Forms(pyramid=True, shards=True)
PYRAMID = Forms(pyramid=True, shards=False)
SHARDS = Forms(pyramid=False, shards=True)
SIZE = (96, 128)
SCENES = SceneConfig(ray_cast=0, cutouts=CutoutConfig(objects=(2, 3)))


def run(*arguments: object) -> int:
    """Run the command; return its exit code."""
    return main([str(argument) for argument in arguments])


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def numbered(folder: Path, count: int, size: tuple[int, int] = SIZE, *, holes: float = 0) -> Path:
    """Maps whose values say which they are: 10 k to 10 k + 1."""
    rng = np.random.default_rng(0)
    for k in range(count):
        values = 10 * (k + 1) + rng.random(size)
        valid = np.ones(size, dtype=bool)
        valid[: round(holes * size[0])] = False
        depth = DepthMap(values, valid, kind="disparity", unit="px", encoding="disparity")
        write_depth(folder / f"scene{k:02d}" / "map.pfm", depth)
    return folder


def which(depth: torch.Tensor) -> list[int]:
    """The numbers of the maps that crops come from."""
    return [int(crop.max() // 10) - 1 for crop in depth]


def source_of(folder: Path, **options):
    """A folder of `numbered` maps as a source, all of them to train on."""
    return folder_of_files(folder, "disparity", Splitting(rest="train", **options))


def shards_of(folder: Path, made: Path, maps_per_shard: int = 2) -> Path:
    """The shards of a folder of `numbered` maps."""
    size = 4 * SIZE[0] * SIZE[1] * maps_per_shard
    prepare(source_of(folder), made, SHARDS, workers=0, shard_bytes=size)
    return made


def pyramid_of_scans(folder: Path) -> Path:
    """A pyramid of five scans of one map each, whose values say which scan it is."""
    rng = np.random.default_rng(0)
    for scan in (1, 2, 6, 7, 8):
        scans = folder / "dtu" / f"scan{scan}"
        scans.mkdir(parents=True)
        values = (100 * scan + rng.random((130, 170))).astype(np.float32)
        values[:30] = 0
        write_pfm(scans / "depth_map_0000.pfm", values)
    prepare(dtu(folder / "dtu"), folder / "pyramid", PYRAMID, workers=0)
    return folder / "pyramid"


def prepared(folder: Path) -> dict[str, tuple[dict, np.ndarray, np.ndarray]]:
    """Key → the record of the map, its values, and what is valid; from the shards."""
    maps = {}
    for path in folder.glob("*.tar"):
        with tarfile.open(path) as tar:
            bodies = {member.name: tar.extractfile(member).read() for member in tar}
        for name in bodies:
            if not name.endswith(".json"):
                continue
            record = json.loads(bodies[name])
            suffix = ".npy" if record["quantum"] is None else ".png"
            numbers = numbers_from_bytes(bodies[name.removesuffix(".json") + suffix], suffix)
            values, valid = restore(numbers, record["quantum"], record["offset"])
            assert path.name == record["shard"]
            assert path.name.startswith(record["split"])
            assert record["key"] not in maps
            maps[record["key"]] = (record, values, valid)
    return maps
