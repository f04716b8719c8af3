"""Write the figures in the documents and in the networks' cards from ``benchmarks/results``.

python benchmarks/readme.py
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = ROOT / "src" / "dsdmsr" / "evaluation" / "published.csv"
RESULTS = ROOT / "benchmarks" / "results"
SCALES = (2, 4, 8, 16)


def accuracy_table(results: dict[str, Any]) -> str:
    """Return the mean RMSE of each set and method as Markdown, with what made it."""
    network = results["model"]["name"]
    letter = results["protocol"]["letter"]
    means: dict[tuple[str, str, int], list[float]] = {}
    for score in results["scores"]:
        key = (score["set"], score["method"], score["scale"])
        means.setdefault(key, []).append(score["rmse"])
    for row in csv.DictReader(PUBLISHED.read_text(encoding="utf-8").splitlines()):
        others = row["method"] in ("MS-Net", "MSG-Net")
        if others and row["protocol"] == letter and row["metric"] == "rmse":
            key = (row["set"], row["method"], int(row["scale"]))
            means.setdefault(key, []).append(float(row["value"]))
    if not any(method == network for _, method, _ in means):
        raise SystemExit(f"the results hold no scores of {network}")
    lines = [
        f"Protocol ({letter}): {results['protocol']['title']}. Mean RMSE of each set; less is "
        "better.",
        "",
    ]
    rows = []
    labels = (
        ("bicubic", "depth"),
        ("MS-Net", "depth"),
        ("MSG-Net", "depth and colour"),
        (network, "depth"),
    )
    for set_name in sorted({key[0] for key in means}):
        for method, sees in labels:
            if (set_name, method, 2) not in means:
                continue
            values = (means[set_name, method, scale] for scale in SCALES)
            cells = [f"{sum(v) / len(v):.3f}" for v in values]
            if method == network:
                cells = [f"**{cell}**" for cell in cells]
            rows.append([set_name, method, sees, *cells])
    lines += markdown(["set", "method", "sees", *(f"×{s}" for s in SCALES)], rows, names=3)
    made = made_by(results, f"dsdmsr evaluate --protocol {letter}").rstrip(".")
    lines += ["", f"{made}; weights {results['model']['sha256'][:12]}."]
    return "\n".join(lines)


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]], *, names: int) -> list[str]:
    """Return the lines of a table; all but its first `names` columns hold numbers."""
    rules = ["---"] * names + ["---:"] * (len(heads) - names)
    return ["| " + " | ".join(cells) + " |" for cells in (heads, rules, *rows)]


def made_by(results: dict[str, Any], command: str) -> str:
    """Return the line that says what made a table."""
    machine = results["machine"]
    return (
        f"Made by `{command}` at commit {results['commit']}, {results['date'][:10]}, on "
        f"{machine['processor']}, {machine['threads']} threads, torch {machine['torch']}."
    )


def statistics_table(results: dict[str, Any]) -> str:
    """Return how far scenes are from real maps, statistic by statistic."""
    names = list(results["distances"])
    rows = [
        [statistic, *(f"{results['distances'][name][statistic]:.2f}" for name in names)]
        for statistic in results["statistics"]
    ]
    lines = markdown(["statistic", *names], rows, names=1)
    return "\n".join([*lines, "", made_by(results, results["command"])])


def mix_table(results: dict[str, Any]) -> str:
    """Return what ray-cast scenes do for a network at equal steps."""
    columns = list(results["runs"][0]["rmse"])
    rows = [
        [f"{run['ray_cast']:.0%}", str(run["steps"]), *(f"{run['rmse'][c]:.3f}" for c in columns)]
        for run in results["runs"]
    ]
    lines = markdown(["ray-cast share", "steps", *columns], rows, names=0)
    return "\n".join([*lines, "", made_by(results, results["command"])])


def throughput_table(results: dict[str, Any]) -> str:
    """Return how fast scenes are drawn, beside how fast training uses them."""
    rows = [[f"×{f['scale']}", f"{f['crop']}²", f"{f['ratio']:.1f}"] for f in results["factors"]]
    rows.append(["all, by their shares", "", f"{results['ratio']:.1f}"])
    lines = [
        *markdown(["factor", "crop", "drawn / used"], rows, names=0),
        "",
        f"Memory grew by {results['growth_mib']:.0f} MiB over {results['batches']} batches.",
        made_by(results, results["command"]),
    ]
    return "\n".join(lines)


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "accuracy_a": accuracy_table,
    "scene_statistics": statistics_table,
    "scene_mix": mix_table,
    "scene_throughput": throughput_table,
}


def fill(text: str) -> str:
    """Return the text with every ``<!-- table: NAME -->`` filled from NAME's results file."""

    def table(match: re.Match[str]) -> str:
        name = match[1]
        results = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
        return f"<!-- table: {name} -->\n{TABLES[name](results)}\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->\n.*?<!-- end -->", table, text, flags=re.DOTALL)


def documents() -> list[Path]:
    """Return the documents that hold figures."""
    zoo = ROOT / "src" / "dsdmsr" / "zoo"
    return [ROOT / "README.md", ROOT / "docs" / "scenes.md", *sorted(zoo.glob("*/README.md"))]


def write() -> None:
    """Write the figures into the documents."""
    for document in documents():
        document.write_text(fill(document.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"wrote {document.relative_to(ROOT)}")


if __name__ == "__main__":
    write()
