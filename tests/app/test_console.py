from __future__ import annotations

from dsdmsr.app import console
from dsdmsr.app.console import progress_bar, progress_lines, status_line


def _lines(capsys, seconds: float, total: float, step: float) -> list[str]:
    """Return the lines of work of some length that reports every `step` seconds."""
    now = 0.0
    show = progress_lines("working", clock=lambda: now)
    while now < seconds:
        now += step
        show(total * min(now / seconds, 1), total)
    return capsys.readouterr().err.splitlines()


def test_short_work_says_nothing(capsys):
    assert _lines(capsys, 1.9, 1, 0.1) == []
    with progress_bar("working", total=3) as show:
        for done in (0, 1, 2, 3):
            show(done)
    assert capsys.readouterr() == ("", "")


def test_longer_work_has_a_line_every_ten_seconds(capsys):
    lines = _lines(capsys, 40, 20, 0.5)
    assert lines[0] == "working: 5% (1 of 20), about 38 s left"
    assert [line.split()[1] for line in lines] == ["5%", "30%", "55%", "80%"]


def test_lines_of_long_work_come_further_and_further_apart(capsys):
    lines = _lines(capsys, 10 * 3600, 1, 1.0)
    assert lines[0] == "working: 0%, about 10 h 0 min left"
    assert 40 < len(lines) < 80


def test_nothing_is_said_where_the_end_is_unknown_or_there(capsys):
    now = 0.0
    show = progress_lines("working", clock=lambda: now)
    now = 100.0
    show(0, 5)
    show(5, 5)
    show(3, None)
    assert capsys.readouterr().err == ""
    show(3, 5)
    assert capsys.readouterr().err == "working: 60% (3 of 5), about 1 min left\n"


def test_how_things_stand_is_a_line_now_and_then(capsys, monkeypatch):
    now = 0.0
    monkeypatch.setattr(console.time, "monotonic", lambda: now)
    with status_line(lambda: f"at {now:g}") as happened:
        for now in (1.0, 2.5, 3.0, 12.4, 12.6, 20.0):  # noqa: B007
            happened()
    assert capsys.readouterr().err.splitlines() == ["at 2.5", "at 12.6"]
