"""Put a finished run's network into the package, with its card.

python benchmarks/package.py RUN_DIR RECIPE NAME CONSISTENCY, for example
runs/finish base-finish dsdmsr-base 1; then measure it and write its figures into the documents:

dsdmsr evaluate --protocol a --data DATA --json benchmarks/results/accuracy_a.json --overwrite
python benchmarks/readme.py
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from dsdmsr.training.run import package_run

ZOO = Path(__file__).resolve().parents[1] / "src" / "dsdmsr" / "zoo"
FIGURES = "\n## Accuracy\n\n<!-- table: accuracy_a -->\n<!-- end -->\n"


def package(run_dir: Path, recipe: str, name: str, consistency: int) -> Path:
    made = package_run(recipe, run_dir)
    card = (made / "README.md").read_text(encoding="utf-8")
    folder = ZOO / name
    folder.mkdir(exist_ok=True)
    shutil.copyfile(made / "model.safetensors", folder / "model.safetensors")
    config = json.loads((made / "config.json").read_text(encoding="utf-8"))
    config["consistency"] = consistency
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    card = card.replace(f"\n# {recipe}\n", f"\n# {name}\n")
    card += (
        f"- **After training**: answers are corrected by back-projection, {consistency} step(s).\n"
    )
    (folder / "README.md").write_text(card + FIGURES, encoding="utf-8")
    return folder


if __name__ == "__main__":
    if len(sys.argv) != 5:
        raise SystemExit("usage: python benchmarks/package.py RUN_DIR RECIPE NAME CONSISTENCY")
    print(f"wrote {package(Path(sys.argv[1]), *sys.argv[2:4], int(sys.argv[4]))}")
