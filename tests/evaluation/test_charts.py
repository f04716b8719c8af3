from __future__ import annotations

from dsdmsr.evaluation.charts import bars, profiles
from dsdmsr.evaluation.report import TableRow


def test_charts_show_every_method_and_say_it_in_words():
    def row(method: str, value: float | None, sees: str = "depth") -> TableRow:
        return TableRow(
            set="A", scene="mean", method=method, sees=sees, source="", values={4: value}
        )

    chart = bars(
        [row("b", 2.0), row("a<", 1.0), row("c", 1.5, "depth and colour"), row("d", None)],
        4,
        highlight={"a<"},
        what="Mean",
    )
    assert chart.count("<rect") == 3
    assert 'aria-label="Mean at ×4, best first: a&lt; 1.000, c 1.500, b 2.000"' in chart
    assert chart.count('class="ours"') == chart.count('class="colour"') == 1
    curves = profiles({"a": [4.0, 2.0, None, 0.5], "b": [3.0, 1.0]}, what="RMSE", order=["b", "a"])
    assert curves.count("<polyline") == 2
    assert profiles({"a": [None, None]}, what="RMSE", order=["a"]) == ""
