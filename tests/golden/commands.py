"""Outputs of the command line: enlarged maps, prepared sets, and figures of an evaluation."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from outputs import Output
from PIL import Image

from dsdmsr.app.cli import main

Case: TypeAlias = Callable[[Path], dict[str, Output]]
"""Makes outputs by name, with a new folder to work in."""

_INPUTS = Path(__file__).with_name("inputs.npz")
_UNSTEADY = {"tool", "version", "commit", "date", "time", "machine"}
"""What differs from run to run, or from release to release."""


def run(*arguments: object) -> None:
    """Run a command of dsdmsr, which must end well; show what it says only if it does not."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = main([str(argument) for argument in arguments])
    if code:
        raise RuntimeError(f"dsdmsr {' '.join(map(str, arguments))} gave {code}: {said.getvalue()}")


def small_maps() -> dict[str, np.ndarray]:
    """Return the small maps, in metres."""
    with np.load(_INPUTS) as file:
        return dict(file)


def upscale(options: list[str], folder: Path) -> dict[str, Output]:
    """Enlarge the small maps."""
    (folder / "in").mkdir()
    for name, depth in small_maps().items():
        np.save(folder / "in" / f"{name}.npy", depth)
    run("upscale", folder / "in", "-o", folder / "out", "--device", "cpu", *options)
    return _arrays(folder / "out")


def upscale_with(beside: list[str], options: list[str], folder: Path) -> dict[str, Output]:
    """Enlarge the small maps, with an option that writes something else beside them."""
    found = upscale([*options, *beside, str(folder / "beside")], folder)
    return found | {f"{name}-beside": o for name, o in _arrays(folder / "beside").items()}


def upscale_sequence(options: list[str], folder: Path) -> dict[str, Output]:
    """Enlarge three frames, the second and third of which a surface has moved in."""
    (folder / "in").mkdir()
    depth = small_maps()["clean"]
    for k in range(3):
        frame = depth * np.float32(1 + 0.001 * (-1) ** k)
        frame[8:16] = np.roll(frame[8:16], k, axis=1)
        np.save(folder / "in" / f"frame{k}.npy", frame)
    run("upscale", folder / "in", "-o", folder / "out", "--temporal", "--device", "cpu", *options)
    return _arrays(folder / "out")


def _arrays(folder: Path) -> dict[str, Output]:
    found: dict[str, Output] = {}
    for path in sorted(folder.iterdir()):
        found[path.name.partition(".")[0]] = (
            np.load(path) if path.suffix == ".npy" else np.array(Image.open(path))
        )
    return found


def prepare(make: Callable[[Path], list[object]], folder: Path) -> dict[str, Output]:
    """Prepare a data set; return all files, without what differs from run to run."""
    arguments = make(folder)
    run("prepare", *arguments, "--workers", 1)
    found: dict[str, Output] = {}
    for path in sorted((folder / "prepared").rglob("*")):
        if path.is_file():
            steady = path.suffix == ".json"
            content = path.read_bytes()
            found[path.relative_to(folder / "prepared").as_posix()] = (
                json.dumps(_steady(json.loads(content)), indent=1).encode() if steady else content
            )
    return found


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(v) for key, v in value.items() if key not in _UNSTEADY}
    return [_steady(v) for v in value] if isinstance(value, list) else value


def dtu_tree(folder: Path) -> list[object]:
    """Write depth maps as MVSNet gives DTU's, and return how to prepare them."""
    rng = np.random.default_rng(0)
    for scan, views in {"scan1": 1, "scan2": 2, "scan3": 1, "scan6": 1}.items():
        below = folder / "source" / "Depths_raw" / scan
        below.mkdir(parents=True)
        for view in range(views):
            rows, columns = np.indices((140, 170))
            depth = 700 + 0.3 * rows + 0.1 * columns
            depth[35:70, 56:85] = 500 + rng.random()
            depth[:17, :85] = 0
            depth[rng.random(depth.shape) < 0.02] = 0
            content = b"Pf\n170 140\n-1.0\n" + depth[::-1].astype("<f4").tobytes()
            (below / f"depth_map_{view:04d}.pfm").write_bytes(content)
    return ["dtu", folder / "source", folder / "prepared", "--pyramid", "--shards"]


def rendered(folder: Path) -> list[object]:
    """Return how to prepare rendered scenes."""
    size = ["--height", 96, "--width", 128]
    return ["synthetic", folder / "prepared", "--count", 3, *size, "--seed", 3]


def evaluate(options: list[str], folder: Path) -> dict[str, Output]:
    """Measure networks on two of the maps, in grey levels."""
    (folder / "maps").mkdir()
    for name in ("clean", "holes"):
        depth = small_maps()[name]
        known = np.isfinite(depth) & (depth > 0)
        levels = np.where(known, np.rint(140 / np.where(known, depth, 1)), 0).astype(np.float32)
        np.save(folder / "maps" / f"{name}.npy", np.kron(levels, np.ones((2, 2), np.float32)))
    maps = ["--maps", folder / "maps", "--encoding", "levels", "--scales", 2, 4, "--device", "cpu"]
    run("evaluate", "--protocol", "a", "b", "e", *maps, *options, "--json", folder / "found.json")
    return {"figures": _figures(json.loads((folder / "found.json").read_text(encoding="utf-8")))}


def _figures(found: dict[str, Any]) -> dict[str, Any]:
    """Return the figures by protocol, method, map, factor and metric."""
    figures: dict[str, Any] = {}
    for protocol in found["protocols"]:
        for score in protocol["scores"]:
            about = {key: score.pop(key) for key in ("set", "scene", "scale", "method")}
            where = (
                f"{protocol['letter']} | {about['method']} | {about['scene']} | {about['scale']}"
            )
            figures |= {f"{where} | {metric}": value for metric, value in score.items()}
    return figures
