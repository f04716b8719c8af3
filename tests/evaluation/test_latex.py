from __future__ import annotations

import re

import numpy as np

import dsdmsr
from dsdmsr.evaluation.latex import latex
from dsdmsr.evaluation.options import EvaluateOptions


def test_a_table_has_every_method_and_the_best_figure_is_bold(tmp_path):
    row, column = np.mgrid[:64, :64]
    np.save(tmp_path / "step.npy", np.where(row + column < 64, 1.0, 2.0))
    options = EvaluateOptions(
        protocol=("a",),
        maps=(str(tmp_path / "step.npy"),),
        encoding="metres",
        model=("dsdmsr-fast",),
        baselines=("nearest", "bicubic"),
        scales=(2, 4),
        device="cpu",
    )
    results = dsdmsr.evaluate(options)
    text = latex(results)
    assert text.startswith("% Made by dsdmsr ")
    for needed in (r"\begin{tabular}{lllrr}", r"\toprule", r"\midrule", r"\bottomrule"):
        assert text.count(needed) == 1
    body = [line for line in text.splitlines() if line.startswith("own &")]
    assert [line.split(" & ")[1] for line in body] == ["nearest", "bicubic", "dsdmsr-fast"]
    assert all(line.count("&") == 4 and line.endswith(r" \\") for line in body)
    assert [line.count(r"\textbf") for line in body] == [0, 0, 2]
    assert r"$\times$" not in body[0]
    assert not re.search(r"[×√–]", text.partition("\n")[2])
    assert re.search(
        r"\\caption\{Protocol \(a\): noise-free Middlebury .* less is better\.\}", text
    )


def test_special_characters_are_escaped(tmp_path, tiny_model):
    from dsdmsr.zoo.torch_networks import save_pretrained

    save_pretrained(tiny_model, tmp_path / "a_b&50%", "card")
    np.save(tmp_path / "map.npy", np.arange(256.0).reshape(16, 16) + 1)
    options = EvaluateOptions(
        protocol=("a",),
        maps=(str(tmp_path / "map.npy"),),
        encoding="metres",
        model=(str(tmp_path / "a_b&50%"),),
        baselines=(),
        scales=(2,),
        device="cpu",
    )
    assert r"own & a\_b\&50\% & depth & " in latex(dsdmsr.evaluate(options))
