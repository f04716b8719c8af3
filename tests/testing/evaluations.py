"""Protocols and measurements for tests of the evaluation."""

from __future__ import annotations

from dsdmsr.evaluation.measure import Measurement
from dsdmsr.evaluation.metrics import METRICS
from dsdmsr.evaluation.protocols import MapSet, Protocol, Scene
from dsdmsr.evaluation.records import ModelWeights

ZEROS = ModelWeights(name="tiny", sha256="0" * 64, sha256_for_known={"bicubic": "1" * 64})


def example_protocol(**changes: object) -> Protocol:
    scene = Scene(name="one", above=9)
    values = {
        "letter": "t",
        "title": "a test",
        "degradation": "area",
        "rounded": True,
        "dropped": 1,
        "scales": (2,),
        "sets": (MapSet(name="S", title="one map", folder="maps", scenes=(scene,)),),
    }
    return Protocol(**{**values, **changes})  # type: ignore[arg-type]


def measurement(**changes: object) -> Measurement:
    values = {
        "set": "A",
        "scene": "art",
        "scale": 2,
        "method": "tiny",
        "unit": "level",
        "metrics": {"rmse": 1.0, "mae": 0.5, "edge_rmse": float("nan")},
        "profile": ((4.0, 1), (0.0, 3)),
    }
    return Measurement(**{**values, **changes})  # type: ignore[arg-type]


def three_scenes() -> list[Measurement]:
    return [
        measurement(
            scene=scene,
            method=method,
            scale=scale,
            metrics={
                **dict.fromkeys([name for name in METRICS if name != "ssim"], 0.5),
                "rmse": rmse * k,
            },
            left=((1.0, 1.0), (0.4, 0.1)) if method == "tiny" else (),
        )
        for scale in (2, 4)
        for k, scene in enumerate(("art", "books", "moebius"), start=1)
        for method, rmse in (("bicubic", 2.0), ("tiny", 0.3))
    ]
