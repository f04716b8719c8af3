from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

import dsdmsr
from dsdmsr.errors import ConfigError, DataError, EncodingError, FileError
from dsdmsr.evaluation.methods import BASELINES
from dsdmsr.evaluation.options import RESIZES, EvaluateOptions, ProtocolName
from dsdmsr.evaluation.page import page
from dsdmsr.evaluation.protocols import PROTOCOLS
from dsdmsr.zoo.torch_networks import save_pretrained


@pytest.fixture
def asked(tmp_path, rng, tiny_model):
    """Options of an evaluation of two maps of one's own by a tiny network."""
    (tmp_path / "maps").mkdir()
    for name in ("one", "two"):
        np.save(tmp_path / "maps" / f"{name}.npy", rng.uniform(1, 2, (32, 32)))
    save_pretrained(tiny_model, tmp_path / "net", "card")
    return {
        "protocol": ("a",),
        "maps": (str(tmp_path / "maps"),),
        "encoding": "metres",
        "model": (str(tmp_path / "net"),),
        "baselines": ("bicubic",),
        "scales": (2, 4),
        "device": "cpu",
    }


def test_an_evaluation_is_a_function_and_says_how_far_it_is(asked):
    shares: list[float] = []
    results = dsdmsr.evaluate(EvaluateOptions(**asked, crops=True), shares.append)
    assert shares == [0.25, 0.5, 0.75, 1]
    (protocol,) = results.protocols
    assert [(m.method, m.scale, m.maps) for m in protocol.means] == [
        ("bicubic", 2, 2),
        ("net", 2, 2),
        ("bicubic", 4, 2),
        ("net", 4, 2),
    ]
    assert [model.name for model in results.models] == ["net"]
    assert [crop.scale for crop in protocol.crops] == [4, 4]
    assert "Where methods differ most" in page(results)
    assert "crops" not in results.to_plain()["protocols"][0]


def test_ensemble_and_refined_variants_are_measured_beside_the_network(asked):
    asked |= {"scales": (2,), "ensemble": 8, "refine": True, "noise": 0.0}
    results = dsdmsr.evaluate(EvaluateOptions(**asked))
    names = ["bicubic", "net", "net, ensemble of 8", "net, refined"]
    assert [mean.method for mean in results.protocols[0].means] == names
    assert [model.name for model in results.models] == names[1:]


def test_normals_are_measured_where_the_camera_is_known(asked, tmp_path):
    np.save(tmp_path / "maps" / "one.npy", 2 + 0.1 * np.sin(np.arange(64) / 9) * np.ones((32, 1)))
    (tmp_path / "maps" / "two.npy").unlink()
    angles = []
    for focal in (20, 200):
        camera = f"{focal},{focal},15.5,15.5"
        results = dsdmsr.evaluate(EvaluateOptions(**asked, intrinsics=camera))
        angles += [mean.metrics["normal_error"] for mean in results.protocols[0].means]
    assert all(0 < angle < 90 for angle in angles)
    # Pixels are closer together in space, and what is noise in depth steeper.
    assert all(far > near for near, far in zip(angles[:4], angles[4:], strict=True))
    for mean in dsdmsr.evaluate(EvaluateOptions(**asked)).protocols[0].means:
        assert "normal_error" not in mean.metrics
    disparity = {**asked, "encoding": "disparity", "intrinsics": camera}
    with pytest.raises(DataError, match="holds no distances"):
        dsdmsr.evaluate(EvaluateOptions(**disparity))


def test_panels_are_written_and_their_errors_returned(asked, tmp_path):
    options = EvaluateOptions(**asked, panels=tmp_path / "panels")
    results = dsdmsr.evaluate(options)
    assert len(list((tmp_path / "panels").glob("*.png"))) == 4
    rows = (tmp_path / "panels" / "stages.csv").read_text().splitlines()
    assert len(rows) == 1 + len(results.protocols[0].stages) == 1 + 2 * (2 + 3)
    with pytest.raises(FileError, match="is not empty"):
        dsdmsr.evaluate(options)


def test_contradicting_options_are_refused(tmp_path):
    for more, says in (
        ({"encoding": "mm"}, "give --maps"),
        ({"maps": ("x",), "data": tmp_path}, "exclude each other"),
        ({"noise": 1.0}, "needs --refine"),
        ({"maps": ("x",), "encoding": "inch"}, "inch"),
        ({"intrinsics": "9,9,4,4"}, "give --maps"),
        ({"maps": ("x",), "intrinsics": "9,9,4"}, "give fx,fy,cx,cy in pixels"),
        ({"baselines": ("cubic",)}, "'cubic' is unknown"),
    ):
        with pytest.raises((ConfigError, EncodingError), match=says):
            EvaluateOptions(protocol=("a",), **more)


def test_two_methods_of_one_name_are_refused(asked, tmp_path, tiny_model):
    save_pretrained(tiny_model, tmp_path / "bicubic", "card")
    with pytest.raises(FileError, match="two methods would be called bicubic"):
        dsdmsr.evaluate(EvaluateOptions(**{**asked, "model": (str(tmp_path / "bicubic"),)}))


def test_names_of_options_are_those_of_the_tables():
    assert {*PROTOCOLS, "all"} == set(get_args(ProtocolName))
    assert tuple(BASELINES) == RESIZES
