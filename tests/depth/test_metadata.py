from __future__ import annotations

from dsdmsr.depth.metadata import Metadata
from dsdmsr.depth.phase import Axis
from dsdmsr.depth.places import Georeference, ImageWindow, MvsView

X, Y = Axis(4, 1.5), Axis(2, 0.5)


def test_places_are_mapped_and_all_else_stays():
    said = {
        "invalid": -9999.0,
        "declares_invalid": True,
        "floats": True,
        "view": MvsView(
            image=b"a.png",
            image_size=(640, 480),
            views=(3, 1),
            depth_range=(1.0, 5.0),
            camera=(1.0,) * 9,
            pose=(0.0,) * 12,
        ),
        "channel": "left.Z",
        "entry": "",
        "notes": ("a line",),
    }
    given = Metadata(
        georeference=Georeference(pixel_size=(8, 6, 5)),
        window=ImageWindow(left=3, top=5, display=(0, 0, 9, 7)),
        **said,
    )
    assert given.mapped(X, Y) == Metadata(
        georeference=Georeference(pixel_size=(2, 3, 5)),
        window=ImageWindow(left=12, top=10, display=(0, 0, 39, 15)),
        **said,
    )


def test_a_map_without_places_gets_none():
    assert Metadata().mapped(X, Y) == Metadata()
    only_ground = Metadata(georeference=Georeference(pixel_size=(8, 6, 5))).mapped(X, Y)
    assert only_ground == Metadata(georeference=Georeference(pixel_size=(2, 3, 5)))
    only_window = Metadata(window=ImageWindow(left=1, top=1, display=(0, 0, 1, 1))).mapped(X, Y)
    assert only_window == Metadata(window=ImageWindow(left=4, top=2, display=(0, 0, 7, 3)))
