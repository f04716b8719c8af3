from __future__ import annotations

from benchmarks.common import timing
from benchmarks.common.timing import in_turn, median_ratio


def test_runs_take_turns_and_the_first_round_does_not_count():
    order: list[str] = []
    taken = in_turn({name: lambda name=name: order.append(name) for name in "ab"}, 2)
    assert order == list("ababab")
    assert {name: len(seconds) for name, seconds in taken.items()} == {"a": 2, "b": 2}


def test_times_are_compared_round_by_round():
    assert median_ratio([1, 4, 9], [1, 2, 3]) == 2


def test_there_is_a_rest_before_each_run(monkeypatch):
    order: list[object] = []
    monkeypatch.setattr(timing.time, "sleep", order.append)
    in_turn({name: lambda name=name: order.append(name) for name in "ab"}, 1, rest=0.5)
    assert order == [0.5, "a", 0.5, "b"] * 2
