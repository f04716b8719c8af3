from __future__ import annotations

from dsdmsr.upscaling.window import Window


def test_windows_keep_to_the_map():
    assert Window(1, 4, 0, 3).grown(2, 5, 9) == Window(0, 5, 0, 5)
    assert Window(1, 4, 0, 3).within(Window(2, 9, 1, 2)) == Window(2, 4, 1, 2)
    assert Window(1, 4, 3, 6).halved() == Window(0, 2, 1, 3)
    assert Window(1, 4, 3, 6).scaled(4) == Window(4, 16, 12, 24)
    assert Window(1, 4, 3, 6).shifted(2) == Window(3, 6, 5, 8)
