"""The experiments by name."""

from __future__ import annotations

from benchmarks.common.launch import launch

MODULES = {
    name: f"experiments.{name}"
    for name in (
        "ablation",
        "degradation",
        "fast_forms",
        "known_noise",
        "paper",
        "scene_mix",
        "training_time",
    )
}
"""Name → module."""

if __name__ == "__main__":
    launch("experiments", MODULES)
