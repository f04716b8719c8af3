from __future__ import annotations

import pytest
from testing.prepared_sets import prepared, run


def test_rendered_scenes_are_metres_and_the_same_again(tmp_path):
    size = ("--height", 48, "--width", 64)
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        options = ("--count", 3, "--seed", seed, *size, "--workers", 1)
        assert run("prepare", "synthetic", tmp_path / name, *options) == 0
    first = prepared(tmp_path / "a")
    assert set(first) == {"000000", "000001", "000002"}
    for about, values, valid in first.values():
        assert (about["unit"], about["quantum"], values.shape) == ("m", 1e-4, (48, 64))
        assert valid.all()
        assert values.min() == pytest.approx(0.6, abs=1e-4)
        assert values.max() == pytest.approx(4.0, abs=1e-4)
    tars = [{p.name: p.read_bytes() for p in (tmp_path / n).glob("*.tar")} for n in "abc"]
    assert tars[0] == tars[1] != tars[2]
