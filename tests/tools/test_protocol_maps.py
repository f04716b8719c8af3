from __future__ import annotations

import sys

import numpy as np
import pytest
import scipy.io
from PIL import Image

from tools import protocol_maps
from tools.protocol_maps import CHECKSUMS, places


@pytest.fixture
def clones(tmp_path, data_dir):
    """Clones of the three repositories, as far as their maps go."""
    for place in places():
        source, own = tmp_path / "clones" / place.source, data_dir / place.target
        source.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".npy":
            np.save(source, np.load(own)["depth"])
        elif source.suffix == ".mat":
            numbers = np.asarray(Image.open(own))
            off = 1e-14 if "venus" in place.source else 0
            scipy.io.savemat(source, {"img_double": numbers + off if off else numbers})
        else:
            Image.open(own).save(source)
    return tmp_path / "clones"


def ask(monkeypatch, clones, output):
    monkeypatch.setattr(sys, "argv", ["protocol_maps", str(clones), "-o", str(output)])
    protocol_maps.main()


def test_maps_are_put_where_evaluate_looks_for_them(monkeypatch, capsys, tmp_path, clones):
    ask(monkeypatch, clones, tmp_path / "maps")
    assert f"{len(CHECKSUMS)} maps" in capsys.readouterr().out
    with pytest.raises(SystemExit, match=r"art\.png exists"):
        ask(monkeypatch, clones, tmp_path / "maps")


def test_another_map_and_a_missing_one_are_named(monkeypatch, tmp_path, clones):
    source = clones / protocol_maps.MSG_NET / "B/Depth/dolls.bmp"
    Image.fromarray(np.zeros((1080, 1320), np.uint8)).save(source)
    with pytest.raises(SystemExit, match=r"measured on: middlebury/eval/crop1080x1320/dolls.png$"):
        ask(monkeypatch, clones, tmp_path / "maps")
    source.unlink()
    with pytest.raises(SystemExit, match=r"dolls\.bmp"):
        ask(monkeypatch, clones, tmp_path / "more")
