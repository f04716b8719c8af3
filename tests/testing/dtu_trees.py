"""Trees of files as DTU has them, and what is in a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dsdmsr.io.pfm import write_pfm


def depth_with_holes(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Millimetres: a slanted background, a nearer block, a hole with straight edges, specks."""
    rows, columns = np.indices(size)
    millimetres = 700 + 0.3 * rows + 0.1 * columns
    millimetres[size[0] // 4 : size[0] // 2, size[1] // 3 : size[1] // 2] = 500 + rng.random()
    millimetres[: size[0] // 8, : size[1] // 2] = 0
    millimetres[rng.random(size) < 0.02] = 0
    return millimetres.astype(np.float32)


def make_dtu(
    root: Path, scans: dict[str, int], size: tuple[int, int] = (140, 170), seed: int = 0
) -> Path:
    """Make a tree as MVSNet gives it: scan → number of views."""
    rng = np.random.default_rng(seed)
    for scan, views in scans.items():
        folder = root / "Depths_raw" / scan
        folder.mkdir(parents=True)
        for view in range(views):
            write_pfm(folder / f"depth_map_{view:04d}.pfm", depth_with_holes(rng, size))
            (folder / f"depth_map_{view:04d}_visual.png").write_bytes(b"a picture")
            (folder / f"depth_map_{view:04d}_prob.pfm").write_bytes(b"a probability")
    return root


def content(folder: Path) -> dict[str, bytes]:
    """All files of a folder, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
