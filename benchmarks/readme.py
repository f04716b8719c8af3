"""Write the figures in the documents and in the networks' cards from ``benchmarks/results``.

python benchmarks/readme.py
"""

from __future__ import annotations

import csv
import json
import re
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from dsdmsr._provenance import where_and_when
from dsdmsr.depth.estimate import NOISY_FROM
from dsdmsr.evaluation.protocols import SUITE
from dsdmsr.evaluation.report import figure, lines, markdown, markdown_table, title_of, weights_text
from dsdmsr.zoo.names import DEFAULT_MODEL, ROBUST_MODEL

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"


BRIEF = ("nearest", "bilinear", "lanczos")
"""Baselines that the README leaves out."""


def accuracy_table(
    results: dict[str, Any], letter: str, *, scenes: bool = False, command: str | None = None
) -> str:
    """Return the means of a protocol's sets, or every scene, as Markdown, with what made them."""
    ours = {model["name"]: weights_text(model) for model in results["models"]}
    (measured,) = [p for p in results["protocols"] if p["letter"] == letter]
    scales = measured["scales"]
    rows = []
    for line in lines(measured, scenes=scenes):
        if line.method not in BRIEF and (not scenes or line.scene != "mean"):
            cells = [figure(line.values.get(scale)) for scale in scales]
            if line.method in ours:
                cells = [f"**{cell}**" for cell in cells]
            rows.append([line.scene if scenes else line.set, line.method, line.sees, *cells])
    if not any(row[1] in ours for row in rows):
        raise SystemExit("the results hold no scores of a packaged network")
    head = ["scene" if scenes else "set", "method", "sees", *(f"×{scale}" for scale in scales)]
    weights = ", ".join(f"{name} {of}" for name, of in ours.items())
    made = made_by(results, command or f"dsdmsr evaluate --protocol {letter}").rstrip(".")
    return "\n".join(
        [
            f"{title_of(measured)}." + ("" if scenes else " Means of each set."),
            "",
            *markdown_table(head, rows, names=3),
            "",
            f"{made}; weights: {weights}.",
        ]
    )


def goals_table(results: dict[str, Any]) -> str:
    """Return our errors beside the goals of goals.csv, and by how much they are met or missed."""
    with (ROOT / "benchmarks" / "goals.csv").open(newline="", encoding="utf-8") as file:
        goals = list(csv.DictReader(file))
    found: dict[tuple[str, str], dict[int, str]] = {}
    for goal in goals:
        (measured,) = [p for p in results["protocols"] if p["letter"] == goal["protocol"]]
        error = _error(measured, goal)
        by = error / float(goal["error"]) - 1
        cell = f"{error:.3f} / {goal['error']}: {by:+.0%}".replace("-", "−")
        name = goal["scene"] or "mean"
        found.setdefault((goal["protocol"], f"{goal['set']}, {name}"), {})[int(goal["scale"])] = (
            cell
        )
    scales = sorted({int(goal["scale"]) for goal in goals})
    rows = [
        [f"({letter})", name, *(cells.get(scale, "–") for scale in scales)]
        for (letter, name), cells in found.items()
    ]
    head = ["protocol", "set", *(f"×{scale}" for scale in scales)]
    made = made_by(results, "dsdmsr evaluate --protocol all")
    return "\n".join([*markdown_table(head, rows, names=2), "", made])


def _error(measured: dict[str, Any], goal: dict[str, str]) -> float:
    """Return the packaged network's error on a scene, or its mean over a set."""
    scores = [
        score[measured["metric"]]
        for score in measured["scores"]
        if score["method"] == DEFAULT_MODEL
        and score["set"] == goal["set"]
        and score["scale"] == int(goal["scale"])
        and goal["scene"] in ("", score["scene"])
    ]
    return statistics.fmean(scores)


def speed_table(results: dict[str, Any]) -> str:
    """Return times as ratios, and peak memory."""
    rows = [
        [
            f"{row['height']}×{row['width']}",
            f"×{row['scale']}",
            row["method"],
            f"{row['times_bicubic']:.0f}",
            f"{row['times_reference']:.2f}" if "times_reference" in row else "–",
            f"{row['peak_mib']:.0f}",
        ]
        for row in results["rows"]
        if row["method"] != "bicubic"
    ]
    head = ["input", "factor", "method", "time / bicubic's", "time / research code's", "MiB"]
    return sourced_table(results, head, rows, names=3)


def made_by(results: dict[str, Any], command: str) -> str:
    """Return the line that says what made a table."""
    return f"Made by `{command}` at {where_and_when(results)}."


def sourced_table(
    results: dict[str, Any], head: list[str], rows: list[list[str]], *, names: int
) -> str:
    """Return a table and the line that says what made it."""
    lines = markdown_table(head, rows, names=names)
    return "\n".join([*lines, "", made_by(results, results["command"])])


def statistics_table(results: dict[str, Any]) -> str:
    """Return how far scenes are from real maps, statistic by statistic."""
    names = list(results["distances"])
    rows = [
        [statistic, *(f"{results['distances'][name][statistic]:.2f}" for name in names)]
        for statistic in results["statistics"]
    ]
    return sourced_table(results, ["statistic", *names], rows, names=1)


def mix_table(results: dict[str, Any]) -> str:
    """Return what ray-cast scenes do for a network at equal steps."""
    columns = list(results["runs"][0]["rmse"])
    rows = [
        [f"{run['ray_cast']:.0%}", str(run["steps"]), *(f"{run['rmse'][c]:.3f}" for c in columns)]
        for run in results["runs"]
    ]
    return sourced_table(results, ["ray-cast share", "steps", *columns], rows, names=0)


def ablation_table(results: dict[str, Any]) -> str:
    """Return what each choice brings."""
    columns = list(results["rows"][0]["left_of_bicubic"])
    rows = [
        [
            row["group"],
            row["name"],
            f"{row['parameters'] / 1e6:.2f}",
            f"{row['step_time']:.2f}",
            *(figure(row["left_of_bicubic"].get(column)) for column in columns),
        ]
        for row in results["rows"]
    ]
    head = ["about", "changed", "parameters, M", "time of a step", *columns]
    return sourced_table(results, head, rows, names=2)


def training_time_table(results: dict[str, Any]) -> str:
    """Return what is left of bicubic's error after so much training."""
    columns = list(results["rows"][0]["left_of_bicubic"])
    rows = [
        [
            row["name"],
            f"{row['minutes']:g}",
            str(row.get("steps", "–")),
            *(figure(row["left_of_bicubic"][column]) for column in columns),
        ]
        for row in results["rows"]
    ]
    return sourced_table(
        results, ["recipe or network", "minutes", "steps", *columns], rows, names=1
    )


def time_table(results: dict[str, Any]) -> str:
    """Return times as multiples of bicubic's, in both precisions."""
    scales = sorted({row["scale"] for row in results["rows"]})
    precisions = list(dict.fromkeys(row["precision"] for row in results["rows"]))
    cells = {
        (row["method"], row["precision"], row["scale"]): f"{row['times_bicubic']:.1f}"
        for row in results["rows"]
    }
    keys = [(precision, scale) for precision in precisions for scale in scales]
    methods = dict.fromkeys(row["method"] for row in results["rows"])
    rows = [[name, *(cells.get((name, *key), "–") for key in keys)] for name in methods]
    head = ["time / bicubic's", *(f"×{scale} {precision}" for precision, scale in keys)]
    return sourced_table(results, head, rows, names=1)


def throughput_table(results: dict[str, Any]) -> str:
    """Return how fast scenes are drawn, beside how fast training uses them."""
    rows = [[f"×{f['scale']}", f"{f['crop']}²", f"{f['ratio']:.1f}"] for f in results["factors"]]
    rows.append(["all, by their shares", "", f"{results['ratio']:.1f}"])
    lines = [
        *markdown_table(["factor", "crop", "drawn / used"], rows, names=0),
        "",
        f"Memory grew by {results['growth_mib']:.0f} MiB over {results['batches']} batches.",
        made_by(results, results["command"]),
    ]
    return "\n".join(lines)


def preparing_table(results: dict[str, Any]) -> str:
    """Return how fast maps are prepared, beside the research code's approach."""
    speed = results["speed"]
    rows = [
        [name, figure(rate), f"{speed['to_research'].get(name, 1):.1f}"]
        for name, rate in speed["rates"].items()
    ]
    few, many = results["memory"]
    reading = results["reading"]
    lines = [
        *markdown_table(["approach", "megapixels / s, best round", "/ research"], rows, names=1),
        "",
        "Two processes to one: "
        + ", ".join(f"{name} {ratio:.2f}" for name, ratio in speed["two_to_one"].items())
        + f". Peak memory of a process that shares its work out and of one that does it all: "
        f"{_peaks(few)} for {few['maps']} maps, "
        f"{_peaks(many)} for {many['maps']}. One process reads {reading['ratio']:.0f} times as "
        f"many crops from the shards as training the recipe `{reading['recipe']}` uses.",
        "",
        made_by(results, results["command"]),
    ]
    return "\n".join(lines)


def processes_table(results: dict[str, Any]) -> str:
    """Return how fast two processes train beside one."""
    one, two = (max(results["crops_per_second"][count]) for count in ("1", "2"))
    rows = [["1", figure(one), "1.00"], ["2", figure(two), f"{results['ratio']:.2f}"]]
    head = ["processes, a core each", "crops / s", "/ one process"]
    return sourced_table(results, head, rows, names=1)


def paper_table(results: dict[str, Any]) -> str:
    """Return what short runs of the paper's recipes came to."""
    rows = [
        [
            row["recipe"],
            row["data"],
            f"×{row['scale']}",
            f"{row['minutes']:g}",
            str(row["steps"]),
            str(row["batch"]),
            f"{row['first_loss']:.4g}",
            f"{row['best_loss']:.4g}",
            figure(row["rmse"]),
            figure(row["bicubic"]),
            figure(row["left_of_bicubic"]),
        ]
        for row in results["rows"]
    ]
    head = ["recipe", "maps", "factor", "minutes", "steps", "batch"]
    head += ["first loss", "best loss", "RMSE", "bicubic's", "all factors"]
    return sourced_table(results, head, rows, names=3)


def size_table(results: dict[str, Any]) -> str:
    """Return how time and memory grow with the size of the result."""
    rows = [
        [
            f"×{row['scale']}",
            f"{row['side']}²",
            f"{row['times_2048']:.2f}",
            f"{row['times_2048'] * (2048 / row['side']) ** 2:.2f}",
            f"{row['before_mib']:.0f}",
            f"{row['peak_mib']:.0f}",
        ]
        for row in results["rows"]
    ]
    head = ["factor", "result", "time / 2048²'s", "the same per pixel"]
    head += ["MiB before", "MiB at most"]
    powers = ", ".join(f"×{scale}: {power:.2f}" for scale, power in results["slopes"].items())
    grown = f"Beyond 2048², time grows with this power of the number of pixels: {powers}."
    return "\n".join([*markdown_table(head, rows, names=2), "", grown, "", _made(results)])


def edges_table(results: dict[str, Any]) -> str:
    """Return how many predictions hang between two surfaces."""
    methods = list(results["rows"][0]["rates"])
    rows = [
        [
            row["set"],
            str(row["maps"]),
            *(f"{100 * row['rates'][method]:.2f}" for method in methods),
            f"{row['rates']['bicubic'] / ours:.0f}"
            if (ours := row["rates"]["dsdmsr-base"])
            else "–",
            *(f"{row['left_of_bicubic'][method]:.3f}" for method in methods[-2:]),
        ]
        for row in results["rows"]
    ]
    head = ["set", "maps", *methods, "bicubic's / ours"]
    head += ["RMSE left of bicubic's", "the same, sharp"]
    return sourced_table(results, head, rows, names=1)


def refining_table(results: dict[str, Any], *, noisy: bool = False) -> str:
    """Return what refinement does to errors, to what is left of the input, and to the time."""
    by_case = {(row["set"], row["scale"], row["method"]): row for row in results["rows"]}
    network = ROBUST_MODEL if noisy else DEFAULT_MODEL
    rows = []
    for name, scale in dict.fromkeys((name, scale) for name, scale, _ in by_case):
        both = [by_case[name, scale, method] for method in (network, "refined")]
        cells = [name, f"×{scale}", *(f"{one['rmse']:.3f}" for one in both)]
        if not noisy:
            cells += [f"{one['input_rmse']:.5f}" for one in both]
        rows.append([*cells, *(f"{100 * one['flying_pixel_rate']:.2f}" for one in both)])
    head = ["scene" if noisy else "set", "factor", "rmse", "refined"]
    head += [] if noisy else ["input rmse", "refined"]
    table = [*markdown_table([*head, "flying pixels, %", "refined"], rows, names=2), ""]
    if not noisy:
        times = results["times_plain"]
        took = f"With refinement 480×640 to 1920×2560 takes {times:.1f} times as long."
        table += [took, ""]
    return "\n".join([*table, _made(results)])


def confidence_table(results: dict[str, Any]) -> str:
    """Return how well expected errors describe those that are made."""
    rows = [
        [
            f"{row['noise']:.0%}",
            row["set"],
            str(row["maps"]),
            row["made"].replace("_", " "),
            f"×{row['scale']}",
            f"{row['coverage']:.1%}",
            f"{row['within_90']:.2f}",
            f"{row['ause']:.3f}",
            f"{row['ause_of_spread']:.3f}",
        ]
        for row in results["rows"]
    ]
    head = ["noise", "set", "maps", "made small by", "factor", "coverage", "90 % within", "AUSE"]
    return sourced_table(results, [*head, "by range"], rows, names=5)


def noise_strength_table(results: dict[str, Any]) -> str:
    """Return errors against the strength of noise, and which network the rule takes."""
    names = list(results["rows"][0]["errors"])
    rows = [
        [
            row["pixels"],
            f"{row['noise']:.1%}",
            f"{row['estimated']:.2%}",
            *(f"{row['errors'][name]:.2%}" for name in names),
            ROBUST_MODEL if row["estimated"] >= NOISY_FROM else DEFAULT_MODEL,
        ]
        for row in results["rows"]
    ]
    head = ["pixels are", "noise", "estimated", *names, "the rule takes"]
    return sourced_table(results, head, rows, names=1)


def known_noise_table(results: dict[str, Any]) -> str:
    """Return what it brings to know how strong the noise is."""
    rows = [
        [
            f"{row['noise']:.0%}",
            f"{row['seen']:.2%}",
            f"{row['told']:.2%}",
            f"{row['told'] / row['seen'] - 1:+.1%}".replace("-", "−"),
        ]
        for row in results["rows"]
    ]
    head = ["noise", "sees it", "made for it alone", "difference"]
    return sourced_table(results, head, rows, names=0)


def flicker_table(results: dict[str, Any]) -> str:
    """Return flicker and errors along a moving camera, frame by frame and with the filter."""
    rows = []
    for row in results["rows"]:
        plain, steady = row["frame by frame"], row["temporal"]
        cells = [f"{row['noise']:.0%}", row["model"]]
        for key in ("flicker", "rmse"):
            change = f"{steady[key] / plain[key] - 1:+.1%}".replace("-", "−")
            cells += [f"{plain[key]:.3%}", f"{steady[key]:.3%}", change]
        rows.append(cells)
    head = ["noise", "network", "flicker", "with --temporal", "", "RMSE", "with --temporal", ""]
    return sourced_table(results, head, rows, names=2)


def _made(results: dict[str, Any]) -> str:
    return made_by(results, results["command"])


def _peaks(memory: dict[str, Any]) -> str:
    return " and ".join(f"{mib:.0f}" for mib in memory["peak_mib"]) + " MiB"


TABLES: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    **{
        f"accuracy_{letter}": ("accuracy", partial(accuracy_table, letter=letter))
        for letter in SUITE
    },
    "goals": ("accuracy", goals_table),
    "accuracy_full": ("accuracy", markdown),
    "speed": ("speed", speed_table),
    "scene_statistics": ("scene_statistics", statistics_table),
    "scene_mix": ("scene_mix", mix_table),
    "ablation": ("ablation", ablation_table),
    "training_time": ("training_time", training_time_table),
    "accuracy_time": ("accuracy_time", time_table),
    "prepare": ("prepare", preparing_table),
    "processes": ("processes", processes_table),
    "paper": ("paper", paper_table),
    "size": ("size", size_table),
    "edges": ("edges", edges_table),
    "refining": ("refining", refining_table),
    "refining_noisy": ("refining_noisy", partial(refining_table, noisy=True)),
    "confidence": ("confidence", confidence_table),
    "noise_strength": ("noise_strength", noise_strength_table),
    "known_noise": ("known_noise", known_noise_table),
    "flicker": ("flicker", flicker_table),
    "ensemble": ("ensemble", partial(accuracy_table, letter="a")),
    "references": (
        "references",
        partial(
            accuracy_table, letter="a", command="python benchmarks/accuracy.py --only references"
        ),
    ),
    "robust_a": ("robust", partial(accuracy_table, letter="a")),
    "robust_b": ("robust", partial(accuracy_table, letter="b", scenes=True)),
    "scene_throughput": ("scene_throughput", throughput_table),
}
"""Name in the documents → results file, and what makes the table of it."""


def fill(text: str) -> str:
    """Return the text with every ``<!-- table: NAME -->`` filled from its results file."""

    def table(match: re.Match[str]) -> str:
        name = match[1]
        file, made = TABLES[name]
        results = json.loads((RESULTS / f"{file}.json").read_text(encoding="utf-8"))
        return f"<!-- table: {name} -->\n{made(results).rstrip()}\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->\n.*?<!-- end -->", table, text, flags=re.DOTALL)


def documents() -> list[Path]:
    """Return the documents that hold figures."""
    zoo = ROOT / "src" / "dsdmsr" / "zoo"
    docs = sorted((ROOT / "docs").rglob("*.md"))
    pages = [ROOT / "README.md", *docs, *sorted(zoo.rglob("README.md"))]
    return [page for page in pages if "<!-- table: " in page.read_text(encoding="utf-8")]


def write() -> None:
    """Write the figures into the documents."""
    for document in documents():
        document.write_text(fill(document.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"wrote {document.relative_to(ROOT)}")


if __name__ == "__main__":
    write()
