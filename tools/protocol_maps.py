"""The maps of the published protocols, put in place from the repositories that hold them.

Clone these beside each other, into a folder of your own, and name it:

  git clone https://github.com/wliusjtu/Robust-Color-Guided-Depth-Map-Restoration
  git clone https://github.com/twhui/MSG-Net
  git clone https://github.com/Zhaozixiang1228/GDSR-DCTNet

Each map is compared with those that the tables were measured on, pixel by pixel, by its checksum.
The maps are bound by their owners' terms: Middlebury, MSG-Net, Lu et al. and NYU v2, for research.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.common.options import options
from dsdmsr._atomic import writing
from dsdmsr.errors import DsdmsrError
from dsdmsr.evaluation.ground_truth import protocol_ground_truth
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.io import read_numbers

ROBUST = "Robust-Color-Guided-Depth-Map-Restoration/Input & Results/Input/input"
MSG_NET = "MSG-Net/MSGNet-release/testing sets"
DCTNET = "GDSR-DCTNet/RawDatasets"


class Place(NamedTuple):
    """Say where a map is found, and where it is put."""

    source: str
    """Below the folder of clones."""
    target: str
    """Below the folder that ``dsdmsr evaluate --data`` takes."""


def places() -> Iterator[Place]:
    """Yield the places of all maps."""
    for name in ("art", "books", "dolls", "laundry", "moebius", "reindeer"):
        short = name.removesuffix("s") if name == "books" else name
        yield Place(f"{ROBUST}/{short}_clean.png", f"middlebury/eval/full/{name}.png")
        yield Place(f"{MSG_NET}/B/Depth/{name}.bmp", f"middlebury/eval/crop1080x1320/{name}.png")
    for name in ("cones", "teddy", "tsukuba", "venus"):
        yield Place(f"{MSG_NET}/C/Depth/{name}_2.mat", f"middlebury/eval/classic_filled/{name}.png")
    for number in range(1, 7):
        source = f"{DCTNET}/Lu/Depth/RGBD_{number:02d}_output_depth.png"
        yield Place(source, f"lu_rgbd/eval/{number:02d}.png")
    for number in (1001, 1002):
        yield Place(f"{DCTNET}/NYUDepthv2_Test/Depth/{number}.npy", f"nyu/eval/{number}.npz")


CHECKSUMS = {
    "middlebury/eval/full/art.png": "10366f0411001657",
    "middlebury/eval/crop1080x1320/art.png": "364213c3f58c2c1d",
    "middlebury/eval/full/books.png": "3d51c9d0a20943b9",
    "middlebury/eval/crop1080x1320/books.png": "fb96b3d21bff5a76",
    "middlebury/eval/full/dolls.png": "2f7182fde31f46d2",
    "middlebury/eval/crop1080x1320/dolls.png": "622090f0df44efd8",
    "middlebury/eval/full/laundry.png": "5ae320d4b395d698",
    "middlebury/eval/crop1080x1320/laundry.png": "0e5a73fc8c4086ad",
    "middlebury/eval/full/moebius.png": "6e0807003719fae5",
    "middlebury/eval/crop1080x1320/moebius.png": "baef3f1ef82977ff",
    "middlebury/eval/full/reindeer.png": "1dd4831f7bcc679b",
    "middlebury/eval/crop1080x1320/reindeer.png": "c60fca45f2384949",
    "middlebury/eval/classic_filled/cones.png": "fac75a168b167529",
    "middlebury/eval/classic_filled/teddy.png": "74bfe7ca51f1ab91",
    "middlebury/eval/classic_filled/tsukuba.png": "8c319e7665c8a4f4",
    "middlebury/eval/classic_filled/venus.png": "15e82b30b8805e7d",
    "lu_rgbd/eval/01.png": "cb69bf5476b50e17",
    "lu_rgbd/eval/02.png": "85dde7320a85b8e7",
    "lu_rgbd/eval/03.png": "c70c1b3d47292c43",
    "lu_rgbd/eval/04.png": "26f82f79d87f324e",
    "lu_rgbd/eval/05.png": "fe332d49413b2bc9",
    "lu_rgbd/eval/06.png": "cefba0c7d54a64b0",
    "nyu/eval/1001.npz": "bd930bc5d1be97b1",
    "nyu/eval/1002.npz": "7dd05cca304bda93",
}
"""Target → the first 16 digits of the SHA-256 of its shape and numbers."""


def main() -> None:
    """Put the maps in place."""
    parser = options(__doc__)
    parser.add_argument("clones", type=Path, help="the folder that holds the three clones")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to fill")
    args = parser.parse_args()
    try:
        others = [place for place in places() if not put(args.clones, args.output, place)]
    except (DsdmsrError, OSError) as error:
        raise SystemExit(str(error)) from error
    print(f"{len(CHECKSUMS) - len(others)} maps in {args.output} are those of the tables")
    if others:
        names = ", ".join(place.target for place in others)
        raise SystemExit(f"not the maps that the tables were measured on: {names}")
    for protocol in PROTOCOLS.values():
        protocol_ground_truth(protocol, args.output)


def put(clones: Path, folder: Path, place: Place) -> bool:
    """Write a map to where it belongs; return whether it is the one of the tables.

    Raises:
        FileError: If it is there already, is missing in the clones, or cannot be written.
    """
    numbers, target = read(clones / place.source), folder / place.target
    with writing(target, overwrite=False) as beside:
        if target.suffix == ".npz":
            with beside.open("wb") as file:
                np.savez_compressed(file, depth=numbers)
        else:
            Image.fromarray(numbers).save(beside, format="PNG")
    return checksum(numbers) == CHECKSUMS[place.target]


def read(source: Path) -> NDArray[Any]:
    """Return the numbers of a map: 8-bit levels, or metres in single precision."""
    if source.suffix == ".bmp":
        with Image.open(source) as picture:
            return np.asarray(picture.convert("L"))
    numbers = read_numbers(source)
    return numbers.astype(np.float32) if source.suffix == ".npy" else _levels(numbers)


def _levels(numbers: NDArray[Any]) -> NDArray[np.uint8]:
    # venus is stored as floats that are off by rounding alone.
    return np.rint(numbers).astype(np.uint8)


def checksum(numbers: NDArray[Any]) -> str:
    """Return the first 16 digits of the SHA-256 of a map's shape and numbers."""
    content = np.ascontiguousarray(numbers)
    stated = f"{content.shape}{content.dtype}".encode()
    return hashlib.sha256(stated + content.tobytes()).hexdigest()[:16]


if __name__ == "__main__":
    main()
