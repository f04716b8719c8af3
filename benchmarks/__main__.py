"""The benchmarks by name."""

from __future__ import annotations

from benchmarks.common.launch import launch

MODULES = {
    "accuracy": "benchmarks.accuracy.protocols",
    "accuracy_time": "benchmarks.speed.accuracy_time",
    "baseline": "benchmarks.speed.baseline",
    "confidence": "benchmarks.accuracy.confidence",
    "edges": "benchmarks.accuracy.edges",
    "faults": "benchmarks.speed.faults",
    "files": "benchmarks.speed.files",
    "flicker": "benchmarks.accuracy.flicker",
    "gpu": "benchmarks.speed.gpu",
    "holes": "benchmarks.speed.holes",
    "many": "benchmarks.speed.many",
    "many_kills": "benchmarks.speed.many_kills",
    "noise_strength": "benchmarks.accuracy.noise_strength",
    "oversized": "benchmarks.speed.oversized",
    "prepare": "benchmarks.speed.prepare",
    "processes": "benchmarks.speed.processes",
    "refining": "benchmarks.accuracy.refining",
    "roofline": "benchmarks.speed.roofline",
    "scene_statistics": "benchmarks.accuracy.scene_statistics",
    "scene_throughput": "benchmarks.speed.scene_throughput",
    "sensors": "benchmarks.accuracy.sensors",
    "size": "benchmarks.speed.size",
    "starts": "benchmarks.speed.starts",
    "stream": "benchmarks.speed.stream",
    "surfaces": "benchmarks.accuracy.surfaces",
    "thin": "benchmarks.accuracy.thin",
}
"""Name → module."""

if __name__ == "__main__":
    launch("benchmarks", MODULES)
