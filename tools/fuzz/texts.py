"""Readers of everything but depth: recipes, journals, ledgers, networks, results, contracts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

__all__ = ["TEXTS"]

_PLAN: dict[str, Any] = {"set": "folder", "settings": {}, "count": 3, "frames": "0" * 64}


def _write_recipe(folder: Path) -> None:
    from dsdmsr.training.recipe_files import load_recipe, recipe_to_yaml

    for name in ("smoke", "base", "robust"):
        (folder / f"{name}.yaml").write_text(recipe_to_yaml(load_recipe(name)))


def _read_recipe(path: Path, _: Random) -> None:
    from dsdmsr.training.recipe_files import load_recipe, recipe_to_yaml

    recipe_to_yaml(load_recipe(str(path)))


def _write_contract(folder: Path) -> None:
    text = "graphs: {2: x2.onnx}\ntakes: bicubic\ngives: residual\nvalues: [0, 255]\npad: 2\n"
    (folder / "contract.yaml").write_text(text)


def _read_contract(path: Path, _: Random) -> None:
    from dsdmsr.evaluation.onnx_method import OnnxContract

    OnnxContract.read(path)


def _write_results(folder: Path) -> None:
    from dsdmsr.evaluation.records import Machine, ModelWeights
    from dsdmsr.evaluation.results import Results

    machine = Machine(processor="x", threads=1, python="3", torch="2")
    weights = ModelWeights(name="a", sha256="0" * 64, sha256_for_known={"bicubic": "1" * 64})
    results = Results(
        models=(weights,), version="1", commit=None, date="2026", machine=machine, protocols=()
    )
    plain: Any = results.to_plain()
    sets = [{"name": "A", "title": "a", "unit": "m", "maps": 1}]
    figures = {"set": "A", "scale": 2, "method": "a", "rmse": 0.5, "mae": None}
    known = {"letter": "a", "title": "a", "degradation": "area", "lr_rounded": True, "noise": None}
    counts = {"seeds": 1, "rounded": True, "dropped": 0, "metric": "rmse", "scales": [2]}
    lists = {"sets": sets, "scores": [{**figures, "scene": "s"}], "means": [figures]}
    plain["protocols"] = [{**known, **counts, **lists, "published": []}]
    (folder / "results.json").write_text(json.dumps(plain))


def _read_results(path: Path, _: Random) -> None:
    from dsdmsr.evaluation.results import Results

    Results.read(path)


def _write_prepared(folder: Path) -> None:
    """Write what a preparation leaves: shards, an index, a manifest; and the journal it had."""
    from dsdmsr import DepthMap, write_depth
    from dsdmsr.data.prepare.journal import Journal
    from dsdmsr.data.prepare.plan import Forms
    from dsdmsr.data.prepare.run import prepare
    from dsdmsr.data.prepared.splits import Splitting
    from dsdmsr.data.sources.folder import folder_of_files

    maps, made = folder / "maps", folder / "made"
    for k in range(3):
        values = np.linspace(1, 2, 32 * 32).reshape(32, 32) + k
        write_depth(maps / f"s{k}" / "a.pfm", DepthMap(values, encoding="metres", unit="m"))
    source = folder_of_files(maps, "metres", Splitting(rest="train"))
    prepare(source, made, Forms(pyramid=True, shards=True), workers=0)
    (folder / "journal").mkdir()
    journal = Journal(folder / "journal", _PLAN)
    records = json.loads((made / "manifest.json").read_text())
    journal.add([{"maps_per_shard": 3}, *records["maps"], *records["shards"]])
    journal.close()


def _only(kept: Callable[[Path], list[Path]]) -> Callable[[Path], None]:
    """Return what writes a preparation, and leaves some of its files."""

    def write(folder: Path) -> None:
        whole = folder / "whole"
        whole.mkdir()
        _write_prepared(whole)
        for path in kept(whole):
            target = folder / path.relative_to(whole)
            target.parent.mkdir(exist_ok=True)
            shutil.move(path, target)
        shutil.rmtree(whole)

    return write


def _read_journal(path: Path, _: Random) -> None:
    from dsdmsr.data.prepare.journal import Journal, is_prepared

    is_prepared(path)
    journal = Journal(path, _PLAN)
    try:
        for index in range(3):
            if journal.done(index):
                journal.record(index)
    finally:
        journal.close()


def _read_manifest(path: Path, _: Random) -> None:
    from dsdmsr.data.prepare.journal import is_prepared
    from dsdmsr.data.prepared.manifest import read_manifest

    read_manifest(path)
    is_prepared(path)


def _read_restored(path: Path, _: Random) -> None:
    """Take a preparation that has ended up from its manifest."""
    from dsdmsr.data.prepare.journal import Journal
    from dsdmsr.data.prepared.manifest import read_manifest

    manifest = read_manifest(path) or {}
    count = manifest.get("count")
    plan = {**_PLAN, "count": 3} if type(count) is not int else {"count": min(max(count, 0), 99)}
    journal = Journal(path, plan)
    journal.close()


def _read_index(path: Path, rng: Random) -> None:
    from dsdmsr.data.prepared.index import has_maps, read_index

    has_maps(path, "train")
    for split in ("train", "valid"):
        for _ in read_index(path, split):
            pass


def _read_shard(path: Path, _: Random) -> None:
    from dsdmsr.data.prepared.shards import decode_sample, read_samples

    for sample in read_samples(path):
        stored = decode_sample(sample, "train")
        assert stored.numbers.ndim == 2


def _write_network(folder: Path) -> None:
    import torch

    from dsdmsr.nn import DSDMSR, ModelConfig
    from dsdmsr.training.export import export_graphs
    from dsdmsr.zoo.torch_networks import save_pretrained

    torch.manual_seed(0)
    config = ModelConfig(
        scale=4,
        unit="residual",
        sharing="shared",
        width=(8,),
        depth=(2,),
        carried=4,
        two_heads=True,
        fusion="none",
        bias=False,
        differences=True,
        candidates=3,
        confidence=4,
    )
    save_pretrained(DSDMSR(config), folder / "network", "---\nlicense: x\n---\ncard")
    export_graphs(folder / "network")


def _read_torch(path: Path, _: Random) -> None:
    from dsdmsr import from_pretrained

    from_pretrained(str(path))


def _read_graphs(path: Path, _: Random) -> None:
    """Check graphs, and run those that pass."""
    from dsdmsr import DepthMap, Upscaler

    upscaler = Upscaler.from_pretrained(path, scale=4, backend="onnx", device="cpu")
    upscaler(DepthMap(np.linspace(1, 2, 48).reshape(6, 8)))


def _write_run(folder: Path) -> None:
    origin = {"commit": "0", "date": "2026", "machine": {"processor": "x", "threads": 1}}
    origin["machine"] |= {"python": "3", "torch": "2"}  # type: ignore[operator]
    (folder / "run").mkdir()
    (folder / "run" / "run.json").write_text(json.dumps({**origin, "begun_from": ["base"]}))


def _read_run(path: Path, _: Random) -> None:
    from dsdmsr.training.run_folder import read_provenance

    read_provenance(path)


def _write_ledger(folder: Path) -> None:
    from dsdmsr.upscaling.many.ledger import COLUMNS, Ledger
    from dsdmsr.upscaling.many.storage import place_of

    ledger = Ledger(place_of(folder / "ledger"), {"scale": 2})
    for k in range(3):
        numbers = {"height": 2, "width": 2, "error": None if k else "x"}
        ledger.add({**dict.fromkeys(COLUMNS, str(k)), **numbers})
    ledger.write()


def _read_ledger(path: Path, _: Random) -> None:
    from dsdmsr.upscaling.many.ledger import Ledger
    from dsdmsr.upscaling.many.storage import place_of

    Ledger(place_of(path), {"scale": 2}).resume()


TEXTS: dict[str, tuple[Callable[[Path], object], Callable[[Path, Random], object]]] = {
    "recipe": (_write_recipe, _read_recipe),
    "contract": (_write_contract, _read_contract),
    "results": (_write_results, _read_results),
    "journal": (_only(lambda whole: [whole / "journal"]), _read_journal),
    "manifest": (_only(lambda whole: [whole / "made" / "manifest.json"]), _read_manifest),
    "restored": (_only(lambda whole: [whole / "made" / "manifest.json"]), _read_restored),
    "index": (_only(lambda whole: sorted((whole / "made").glob("*.csv"))), _read_index),
    "shard": (_only(lambda whole: sorted((whole / "made").glob("*.tar"))), _read_shard),
    "network": (_write_network, _read_torch),
    "graphs": (_write_network, _read_graphs),
    "run": (_write_run, _read_run),
    "ledger": (_write_ledger, _read_ledger),
}
"""Name → what writes valid files, and what reads changed ones."""
