from __future__ import annotations

import csv
import json
import re

import numpy as np
import pytest
import torch
from PIL import Image
from testing.command import refused, run

import dsdmsr


@pytest.fixture
def tiny_protocol(tmp_path, monkeypatch):
    """Put a protocol of one small map into the place of (a)."""
    from dsdmsr.evaluation import protocols

    (tmp_path / "maps").mkdir()
    Image.fromarray(np.arange(32 * 32, dtype=np.uint16).reshape(32, 32).astype(np.uint8)).save(
        tmp_path / "maps" / "one.png"
    )
    maps = protocols.MapSet(
        name="S", title="one", folder="maps", scenes=(protocols.Scene(name="one"),)
    )
    tiny = protocols.Protocol(
        letter="a", title="a test", degradation="bicubic", scales=(2, 8), sets=(maps,)
    )
    monkeypatch.setitem(protocols.PROTOCOLS, "a", tiny)


@pytest.mark.usefixtures("tiny_protocol")
def test_evaluate_prints_and_writes(capsys, tmp_path, monkeypatch, network_folder):
    monkeypatch.setenv("DSDMSR_DATA", str(tmp_path))
    files = {name: tmp_path / f"r.{name}" for name in ("json", "markdown", "html")}
    ask = ["evaluate", "--protocol", "a", "--model", network_folder, "--crops", "--ssim"]
    for name, path in files.items():
        ask += [f"--{name}", path]
    code, out, _ = run(capsys, *ask)
    assert code == 0
    assert "bicubic" in out
    (measured,) = json.loads(files["json"].read_text())["protocols"]
    methods = ("nearest", "bilinear", "bicubic", "lanczos", "net")
    assert {(s["method"], s["scale"]) for s in measured["scores"]} == {
        (method, scale) for method in methods for scale in (2, 8)
    }
    assert all(s["ssim"] is not None for s in measured["scores"])
    assert "| S | net |" in files["markdown"].read_text()
    assert "data:image/png" in files["html"].read_text()
    before = {name: path.read_bytes() for name, path in files.items()}
    assert "exists" in refused(capsys, *ask)
    assert before == {name: path.read_bytes() for name, path in files.items()}
    code, out, _ = run(capsys, *ask, "--overwrite", "--scales", 8, "--baselines", "nearest")
    assert code == 0
    (measured,) = json.loads(files["json"].read_text())["protocols"]
    assert {(s["method"], s["scale"]) for s in measured["scores"]} == {("nearest", 8), ("net", 8)}


def test_evaluate_plots_every_stage_and_writes_their_errors(capsys, tmp_path, network_folder, rng):
    maps, panels = tmp_path / "maps", tmp_path / "panels"
    maps.mkdir()
    for name in ("a b", "a-b"):
        values = rng.integers(1000, 5000, (16, 24)).astype(np.uint16)
        Image.fromarray(values).save(maps / f"{name}.png")
    ask = ("evaluate", "--protocol", "a", "--maps", maps, "--model", network_folder)
    ask += ("--scales", 2, 4, "--panels", panels)
    code, out, _ = run(capsys, *ask)
    assert code == 0
    assert "Outputs of all stages" in out
    assert "wrote panels and stages.csv" in out
    name = network_folder.name
    assert sorted(path.name for path in panels.iterdir()) == sorted(
        [f"a_own_a-b_x{scale}_{name}{again}.png" for again in ("", "_2") for scale in (2, 4)]
        + ["stages.csv"]
    )
    with (panels / "stages.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["output"] for row in rows[:5]] == ["×2", "prediction", "×2", "×4", "prediction"]
    assert {row["unit"] for row in rows} == {"m"}
    assert all(float(row["rmse"]) > 0 for row in rows)
    code, _, said = run(capsys, *ask)
    assert (code, "is not empty" in said) == (2, True)
    assert run(capsys, *ask, "--overwrite")[0] == 0


def test_evaluate_measures_maps_of_ones_own(capsys, tmp_path, network_folder, rng):
    folder = tmp_path / "mine"
    folder.mkdir()
    for k in range(20):
        depth = rng.uniform(1000, 3000, (32, 32)).astype(np.uint16)
        depth[:4, :4] = 0
        Image.fromarray(depth).save(folder / f"{k}.png")
    ask = ("evaluate", "--protocol", "a", "--maps", folder, "--model", network_folder)
    code, out, _ = run(capsys, *ask, "--scales", 4, "--markdown", tmp_path / "t.md")
    assert code == 0
    assert "RMSE in m" in out
    assert "95 % bootstrap intervals" in (tmp_path / "t.md").read_text()
    assert "for 8-bit grey levels only" in refused(capsys, *ask, "--protocol", "b")
    np.save(folder / "9.npy", rng.uniform(1, 2, (32, 32)))
    assert "measure them apart" in refused(capsys, *ask, "--scales", 4)


def test_a_self_ensemble_stands_beside_the_network(capsys, tmp_path, network_folder, rng):
    depth = rng.integers(20, 200, (6, 8)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    Image.fromarray(depth).save(tmp_path / "m.png")
    code, _, _ = run(
        *(capsys, "evaluate", "--protocol", "a", "--maps", tmp_path / "m.png", "--scales", 4),
        *("--baselines", "bicubic", "--ensemble", 8, "--json", tmp_path / "r.json"),
        *("--model", network_folder),
    )
    assert code == 0
    made = json.loads((tmp_path / "r.json").read_text())
    scores = {s["method"]: s["rmse"] for s in made["protocols"][0]["scores"]}
    assert list(scores) == ["bicubic", "net", "net, ensemble of 8"]
    assert scores["net, ensemble of 8"] != scores["net"]
    assert len({model["sha256"] for model in made["models"]}) == 1


def test_networks_know_the_degradation_unless_they_are_blind(capsys, tmp_path, network_folder, rng):
    depth = rng.integers(20, 200, (6, 8)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    Image.fromarray(depth).save(tmp_path / "m.png")
    model = dsdmsr.from_pretrained(str(network_folder))
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(0.5)
    dsdmsr.save_pretrained(model, network_folder / "bicubic", "card")
    code, _, _ = run(
        *(capsys, "evaluate", "--protocol", "a", "e", "--maps", tmp_path / "m.png"),
        *("--scales", 4, "--baselines", "bicubic", "--json", tmp_path / "r.json"),
        *("--model", network_folder),
    )
    assert code == 0
    made = json.loads((tmp_path / "r.json").read_text())
    known, blind = (
        {score["method"]: score["rmse"] for score in protocol["scores"]}
        for protocol in made["protocols"]
    )
    assert list(known) == ["bicubic", "net", "net, auto", "net, blind"]
    assert known["net"] != known["net, blind"]
    # So few steps show nothing.
    assert known["net, auto"] == known["net, blind"]
    assert list(blind) == ["bicubic", "net", "net, auto"]
    assert blind["net"] == blind["net, auto"]
    (entry,) = made["models"]
    assert list(entry["sha256_for_known"]) == ["bicubic", "pil_bicubic"]
    assert entry["sha256"] not in entry["sha256_for_known"].values()
    ask = ["upscale", tmp_path / "m.png", "--scale", 4, "--model", network_folder]
    for name, options in (("a", ("--degradation", "unknown")), ("b", ("--degradation", "bicubic"))):
        assert run(capsys, *ask, "-o", tmp_path / f"{name}.npy", *options)[0] == 0
    first, second = (np.load(tmp_path / f"{name}.npy") for name in "ab")
    assert not np.array_equal(first, second)


def test_evaluate_tells_how_well_a_network_knows_its_errors(capsys, tmp_path, doubtful_folder, rng):
    depth = rng.integers(20, 200, (6, 8)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    Image.fromarray(depth).save(tmp_path / "m.png")
    code, _, _ = run(
        *(capsys, "evaluate", "--protocol", "a", "b", "--maps", tmp_path / "m.png"),
        *("--scales", 4, "--baselines", "bicubic", "--model", doubtful_folder),
        *("--json", tmp_path / "r.json", "--markdown", tmp_path / "r.md"),
        *("--html", tmp_path / "r.html"),
    )
    assert code == 0
    for measured in json.loads((tmp_path / "r.json").read_text())["protocols"]:
        plain, sure = measured["means"]
        assert (plain["method"], sure["method"]) == ("bicubic", "net")
        assert "coverage" not in plain
        assert "left" not in plain
        assert 0 < sure["coverage"] <= 1
        left, best = np.array(sure["left"]), np.array(sure["left_at_best"])
        assert len(left) == 20
        assert left[0] == best[0] == 1
        assert (left >= best - 1e-3).all()
        assert sure["ause"] == pytest.approx((left - best).mean(), abs=2e-4)
    text = (tmp_path / "r.md").read_text()
    assert "| coverage | ause |" in text
    assert re.search(r"\| bicubic \| ×4 \|.*\| – \| – \|", text)
    html = (tmp_path / "r.html").read_text()
    assert html.count("How sure predictions are") == 2
    assert "without half of the pixels" in html


def test_refined_predictions_stand_beside_the_network(capsys, tmp_path, rng):
    depth = rng.integers(20, 200, (2, 3)).astype(np.uint8).repeat(32, 0).repeat(32, 1)
    Image.fromarray(depth).save(tmp_path / "m.png")
    ask = ["evaluate", "--protocol", "a", "--maps", tmp_path / "m.png", "--scales", 4]
    code, _, _ = run(
        *(capsys, *ask, "--baselines", "bicubic", "tgv", "--refine", "--noise", 0),
        *("--json", tmp_path / "r.json"),
    )
    assert code == 0
    made = json.loads((tmp_path / "r.json").read_text())["protocols"][0]["scores"]
    scores = {score["method"]: score for score in made}
    others = [f"dsdmsr-base, {how}" for how in ("auto", "blind", "refined")]
    assert list(scores) == ["bicubic", "tgv", "dsdmsr-base", *others]
    # Rounding to whole levels is all that is left of what the refined prediction missed.
    refined, plain = scores["dsdmsr-base, refined"], scores["dsdmsr-base"]
    assert refined["input_rmse"] < 0.2
    assert refined["input_rmse"] < plain["input_rmse"]
    assert scores["tgv"]["rmse"] < scores["bicubic"]["rmse"]
    assert "--noise needs --refine" in refused(capsys, *ask, "--noise", 0)


def test_what_evaluate_refuses(capsys, tmp_path, monkeypatch):
    monkeypatch.delenv("DSDMSR_DATA", raising=False)
    (tmp_path / "lr_depth.png").write_text("mine")
    ask = ("--protocol", "a")
    for arguments, says in [
        (("--protocol", "z", "--data", tmp_path), "--protocol"),
        ((*ask, "--data", tmp_path / "none"), "is not a folder"),
        ((*ask, "--data", tmp_path), "art.png is missing"),
        (ask, "no maps to measure on: give --data"),
        (("--protocol", "d", "--scales", 2), "has a factor of those asked for"),
        ((*ask, "--crops"), "give --html FILE"),
        ((*ask, "--encoding", "mm"), "give --maps, too"),
        ((*ask, "--maps", "x", "--data", "y"), "give one of them"),
        ((*ask, "--maps", tmp_path / "x"), "does not exist"),
        ((*ask, "--maps", tmp_path), "is not a PNG"),
        ((*ask, "--baselines", "cubic"), "'cubic' is unknown"),
        ((*ask, "--maps", "x", "--encoding", "inch"), "encoding 'inch'"),
        ((*ask, "--html", tmp_path), "exists"),
        ((*ask, "--json", tmp_path / "n" / "r"), "cannot be written"),
    ]:
        assert says in refused(capsys, "evaluate", *arguments)


def test_another_methods_predictions_are_measured_from_the_command_line(
    capsys, tmp_path, network_folder, rng
):
    np.save(tmp_path / "m.npy", rng.uniform(1, 2, (16, 16)))
    ask = ("evaluate", "--protocol", "a", "--maps", tmp_path / "m.npy", "--encoding", "metres")
    ask += ("--scales", 2, "--model", network_folder)
    code, out, _ = run(capsys, *ask, "--low-res", tmp_path / "low")
    assert (code, "wrote 1 low-resolution maps and index.csv" in out) == (0, True)
    (tmp_path / "mine/a/x2/own").mkdir(parents=True)
    low_res = np.load(tmp_path / "low/a/x2/own/m.npy")
    np.save(tmp_path / "mine/a/x2/own/m.npy", low_res.repeat(2, 0).repeat(2, 1))
    tables = {name: tmp_path / f"t.{name}" for name in ("json", "latex")}
    ask += ("--predictions", f"mine={tmp_path / 'mine'}", "--json", tables["json"])
    code, out, _ = run(capsys, *ask, "--latex", tables["latex"])
    assert code == 0
    (measured,) = json.loads(tables["json"].read_text())["protocols"]
    scores = {s["method"]: s["rmse"] for s in measured["scores"]}
    assert scores["mine"] == pytest.approx(scores["nearest"], abs=1e-4)
    assert r"own & mine & depth & " in tables["latex"].read_text()
    said = refused(capsys, *ask, "--low-res", tmp_path / "new", "--overwrite")
    assert "--low-res measures nothing" in said
