"""Tables of the roofline's results."""

from __future__ import annotations

from typing import Any

from benchmarks.common.results import made_by, sourced_table
from benchmarks.speed.networks import NETWORKS
from benchmarks.speed.peers import PEERS

__all__ = ["ceiling", "costs", "networks", "peers", "sentence", "work"]

_MIB = 2**20


def _cell(row: dict[str, Any], key: str, form: str) -> str:
    return format(row[key], form) if key in row else "–"


def _rate(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 100 else f"{rate:.3g}"


def sentence(results: dict[str, Any]) -> str:
    """Return a sentence on the networks' frames per second in ONNX Runtime."""
    height, width, scale = (results[name] for name in ("height", "width", "scale"))
    rows = {row["method"]: row for row in results["rows"] if row["backend"] == "onnx"}
    speeds = [
        f"`{name}` {_rate(1 / rows[name]['median_s'])} ({rows[name]['times_cv2']:.0f})"
        for name in NETWORKS
    ]
    text = (
        f"Frames a second from {width}×{height} to {scale * width}×{scale * height}, on "
        f"{results['machine']['threads']} CPU threads, and in brackets the time relative to "
        f"OpenCV's bicubic resize: {', '.join(speeds)}; [roofline](docs/roofline.md)."
    )
    return f"{text}\n\n{made_by(results)}"


def ceiling(results: dict[str, Any]) -> str:
    """Return what the machine reached, and the runtimes' versions."""
    convolutions = results["ceiling"]["convolutions"]
    rows = [
        [
            f"3×3 convolutions, {row['runtime']}",
            f"{row['channels']} channels, {row['size'][0]}×{row['size'][1]}",
            f"{row['flops_per_s'] / 1e9:.0f} GFLOP/s",
        ]
        for row in convolutions
    ]
    speed = results["ceiling"]["bytes_per_s"]
    rows.append(["a copy, read and written", "256 MiB", f"{speed / 1e9:.0f} GB/s"])
    knee = max(row["flops_per_s"] for row in convolutions) / speed
    versions = ", ".join(f"{name} {number}" for name, number in results["runtimes"].items())
    notes = [
        f"Networks of fewer than {knee:.0f} FLOP per byte are bound by memory, if caches hold "
        "nothing.",
        f"Runtimes: {versions}.",
    ]
    return sourced_table(results, ["of what", "size", "at the most"], rows, names=2, notes=notes)


def work(results: dict[str, Any]) -> str:
    """Return what networks compute and move."""
    rows = [
        [
            row["network"],
            f"{row['parameters']:,}".replace(",", " "),
            f"{row['macs'] / 1e9:.2f}",
            f"{row['weight_bytes'] / _MIB:.2f}",
            f"{row['activation_bytes'] / _MIB:.0f}",
            f"{row['flops_per_byte']:.0f}",
        ]
        for row in results["work"]
    ]
    head = ["network", "parameters", "GMAC", "MiB of weights", "MiB of activations", "FLOP / byte"]
    return sourced_table(results, head, rows, names=1)


def networks(results: dict[str, Any]) -> str:
    """Return times of the packaged networks, and their shares of the ceiling."""
    rows = [
        [
            row["method"],
            row["backend"],
            f"{1000 * row['median_s']:.1f}",
            _rate(1 / row["median_s"]),
            _cell(row, "share", ".2f"),
            _cell(row, "times_cv2", ".0f"),
            _cell(row, "times_ms_net", ".2f"),
            _cell(row, "times_research", ".3f"),
        ]
        for row in results["rows"]
        if row["method"] in NETWORKS
    ]
    head = [
        "network",
        "backend",
        "ms",
        "frames / s",
        "share of the ceiling",
        "time / cv2's bicubic",
    ]
    head += ["/ MS-Net's network", "/ research code's form"]
    return sourced_table(results, head, rows, names=2)


def peers(results: dict[str, Any]) -> str:
    """Return times of other networks, and their shares of the ceiling."""
    rows = [
        [
            row["method"],
            PEERS[row["method"]].source if row["method"] in PEERS else "–",
            row["backend"],
            f"{1000 * row['median_s']:.1f}",
            _rate(1 / row["median_s"]),
            _cell(row, "share", ".2f"),
            _cell(row, "times_fast", ".2f"),
        ]
        for row in results["rows"]
        if row["method"] not in NETWORKS
    ]
    head = ["method", "paper", "runtime", "ms", "frames / s", "share of the ceiling"]
    return sourced_table(results, [*head, "time / dsdmsr-fast's"], rows, names=3)


def costs(results: dict[str, Any]) -> str:
    """Return memory by backend, and disk."""
    memory: dict[str, dict[str, float]] = {}
    for row in results["memory"]["rows"]:
        memory.setdefault(row["network"], {})[row["backend"]] = row["mib"]
    backends = list(dict.fromkeys(row["backend"] for row in results["memory"]["rows"]))
    rows = [
        [
            row["network"],
            *(f"{memory[row['network']][backend]:.0f}" for backend in backends),
            f"{row['weights']:.2f}",
            f"{row['graphs']:.2f}",
        ]
        for row in results["disk"]
    ]
    head = ["network", *(f"MiB of memory, {backend}" for backend in backends)]
    return sourced_table(results, [*head, "MiB of weights", "MiB of graphs"], rows, names=1)
