from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pytest
import torch

import dsdmsr
from dsdmsr.degradation.resample import resize
from dsdmsr.depth.holes import fill_nearest
from dsdmsr.errors import ConfigError, DataError, FileError
from dsdmsr.evaluation.options import EvaluateOptions
from dsdmsr.evaluation.run import write_low_res


@pytest.fixture
def low_res(tmp_path, rng):
    """Options for two maps of one's own, one of them with holes, and their low-resolution maps."""
    (tmp_path / "maps" / "b").mkdir(parents=True)
    for name in ("one", "b/one"):
        depth = rng.uniform(1, 2, (33, 24)).astype(np.float32)
        if name == "one":
            depth[:9, 8:17] = 0
        np.save(tmp_path / "maps" / f"{name}.npy", depth)
    options = EvaluateOptions(
        protocol=("a",),
        maps=(str(tmp_path / "maps/one.npy"), str(tmp_path / "maps/b/one.npy")),
        encoding="metres",
        baselines=("bicubic",),
        model=("dsdmsr-fast",),
        scales=(2, 4),
        device="cpu",
    )
    assert write_low_res(options, tmp_path / "low") == 4
    return options, tmp_path


def predict(folder, to, *, suffix=".npy"):
    """Write the bicubic interpolation of each low-resolution map, as another program would."""
    for path in sorted(folder.rglob("*.npy")):
        scale = int(path.relative_to(folder).parts[1][1:])
        values = np.load(path)
        filled = fill_nearest(values, np.isfinite(values)).astype(np.float64)
        pred = resize(torch.from_numpy(filled)[None, None], scale)[0, 0].numpy()
        known = np.isfinite(values).repeat(scale, 0).repeat(scale, 1)
        file = to / path.relative_to(folder).with_suffix(suffix)
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, np.where(known, pred, np.nan).astype(np.float32))


def test_predictions_from_files_measure_as_the_method_itself(low_res):
    options, folder = low_res
    predict(folder / "low", folder / "mine")
    given = dataclasses.replace(options, predictions=(str(folder / "mine"), f"B={folder / 'mine'}"))
    (protocol,) = dsdmsr.evaluate(given).protocols
    scores = {(s.method, s.scene, s.scale): s.metrics["rmse"] for s in protocol.scores}
    for (method, scene, scale), rmse in scores.items():
        if method in ("mine", "B"):
            assert rmse == pytest.approx(scores["bicubic", scene, scale], abs=2e-4)
    assert {method for method, _, _ in scores} >= {"bicubic", "mine", "B", "dsdmsr-fast"}


def test_the_index_says_what_each_low_resolution_map_is(low_res):
    _, folder = low_res
    with (folder / "low/index.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4
    assert {row["file"] for row in rows} == {
        str(path.relative_to(folder / "low")) for path in (folder / "low").rglob("*.npy")
    }
    for row in rows:
        values = np.load(folder / "low" / row["file"])
        scale = int(row["scale"])
        assert values.dtype == np.float32
        assert values.shape == (int(row["height"]), int(row["width"]))
        assert int(row["prediction_height"]) == values.shape[0] * scale == 32
        assert int(row["prediction_width"]) == values.shape[1] * scale == 24
        assert int(row["invalid"]) == np.isnan(values).sum()
        assert (row["unit"], row["degradation"], row["seed"]) == ("m", "bicubic", "1")
    assert {int(row["invalid"]) > 0 for row in rows} == {True, False}


def test_a_folder_that_holds_something_is_left_alone(low_res):
    options, folder = low_res
    with pytest.raises(FileError, match="is not empty"):
        write_low_res(options, folder / "low")
    assert write_low_res(dataclasses.replace(options, overwrite=True), folder / "low") == 4


def test_each_seed_of_a_noise_has_a_file(tmp_path, rng):
    from PIL import Image

    Image.fromarray(rng.integers(40, 200, (16, 16)).astype(np.uint8)).save(tmp_path / "m.png")
    options = EvaluateOptions(protocol=("b",), maps=(str(tmp_path / "m.png"),), scales=(2,))
    assert write_low_res(options, tmp_path / "low") == 5
    maps = [np.load(tmp_path / "low/b/x2/own" / f"m-{seed}.npy") for seed in range(1, 6)]
    assert len({values.tobytes() for values in maps}) == 5


def test_missing_wrong_and_incomplete_predictions_are_refused(low_res):
    options, folder = low_res
    predict(folder / "low", folder / "mine")
    given = dataclasses.replace(options, predictions=(str(folder / "mine"),))
    files = sorted((folder / "mine").rglob("*.npy"))
    whole = np.load(files[0])
    np.save(files[0], whole[:-1])
    with pytest.raises(DataError, match=r"is 31×24: a prediction .* is 32×24"):
        dsdmsr.evaluate(given)
    np.save(files[0], np.where(np.arange(24) == 23, np.nan, whole))
    with pytest.raises(DataError, match="32 pixels without a finite value"):
        dsdmsr.evaluate(given)
    files[0].unlink()
    files[1].unlink()
    with pytest.raises(DataError, match="2 of 4 predictions of mine are missing"):
        dsdmsr.evaluate(given)
    with pytest.raises(FileError, match="is not a folder of predictions"):
        dsdmsr.evaluate(dataclasses.replace(options, predictions=(str(folder / "none"),)))
    with pytest.raises(ConfigError, match="given twice"):
        dsdmsr.evaluate(dataclasses.replace(given, predictions=(str(folder / "mine"),) * 2))
