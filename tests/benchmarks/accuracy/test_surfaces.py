"""The table of surfaces, on figures that are given."""

from __future__ import annotations

from benchmarks.accuracy.surfaces import means, table

NONE = float("nan")


def row(roughness: float, angle: float, truth: float = 1e-4) -> dict[str, float]:
    return {"rmse": 0.1, "roughness": roughness, "truth_roughness": truth, "normal_error": angle}


def test_what_is_allowed_is_bold_and_what_is_unknown_a_dash():
    known = means([{"smooth": row(2.2e-4, NONE), "rough": row(2.4e-4, NONE)}])
    turned = means(
        [
            {"smooth": row(NONE, 2.0, NONE), "rough": row(NONE, 8.0, NONE)},
            {"smooth": row(NONE, 4.0, NONE), "rough": row(NONE, NONE, NONE)},
        ]
    )
    results = {
        "commit": "0123456",
        "date": "2026-01-01T00:00:00+00:00",
        "machine": {"processor": "some", "threads": 1, "torch": "2"},
        "command": "some",
        "rows": [
            {"set": "a", "scale": 4, "maps": 1, "methods": known},
            {"set": "b", "scale": 8, "maps": 2, "methods": turned},
        ],
    }
    first, second = [
        line for line in table(results).splitlines() if line.startswith(("| a", "| b"))
    ]
    assert first == "| a | 1 | ×4 | 1.00 | **2.20** | 2.40 | – | – |"
    assert second == "| b | 2 | ×8 | – | – | – | 3.00° | 8.00° |"
