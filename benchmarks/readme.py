"""Write the figures in the README and in the networks' cards from ``benchmarks/results``.

python benchmarks/readme.py
"""

from __future__ import annotations

import csv
import json
import re
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
        "| set | method | sees | " + " | ".join(f"×{s}" for s in SCALES) + " |",
        "|---|---|---|" + "---:|" * len(SCALES),
    ]
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
            lines.append(f"| {set_name} | {method} | {sees} | {' | '.join(cells)} |")
    machine = results["machine"]
    lines += [
        "",
        f"Made by `dsdmsr evaluate --protocol {letter}` at commit {results['commit']}, "
        f"{results['date'][:10]}, on {machine['processor']}, {machine['threads']} threads, torch "
        f"{machine['torch']}; weights {results['model']['sha256'][:12]}.",
    ]
    return "\n".join(lines)


def fill(text: str) -> str:
    """Return the text with every ``<!-- table: NAME -->`` filled from NAME's results file."""

    def table(match: re.Match[str]) -> str:
        name = match[1]
        results = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
        return f"<!-- table: {name} -->\n{accuracy_table(results)}\n<!-- end -->"

    return re.sub(r"<!-- table: (\w+) -->\n.*?<!-- end -->", table, text, flags=re.DOTALL)


def documents() -> list[Path]:
    """Return the documents that hold figures."""
    return [ROOT / "README.md", *sorted((ROOT / "src" / "dsdmsr" / "zoo").glob("*/README.md"))]


if __name__ == "__main__":
    for document in documents():
        document.write_text(fill(document.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"wrote {document.relative_to(ROOT)}")
