"""Put a finished run's network into the package, with its card.

python benchmarks/package.py RUN_DIR RECIPE NAME, for example runs/base base dsdmsr-base; then
measure it and write its figures into the documents:

dsdmsr evaluate --protocol a --data DATA --json benchmarks/results/accuracy_a.json --overwrite
python benchmarks/readme.py
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from dsdmsr.training.run import package_run

ZOO = Path(__file__).resolve().parents[1] / "src" / "dsdmsr" / "zoo"
FIGURES = "\n## Accuracy\n\n<!-- table: accuracy_a -->\n<!-- end -->\n"


def package(run_dir: Path, recipe: str, name: str) -> Path:
    made = package_run(recipe, run_dir)
    card = (made / "README.md").read_text(encoding="utf-8")
    folder = ZOO / name
    folder.mkdir(exist_ok=True)
    for part in ("config.json", "model.safetensors"):
        shutil.copyfile(made / part, folder / part)
    titled = card.replace(f"\n# {recipe}\n", f"\n# {name}\n")
    (folder / "README.md").write_text(titled + FIGURES, encoding="utf-8")
    return folder


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit("usage: python benchmarks/package.py RUN_DIR RECIPE NAME")
    print(f"wrote {package(Path(sys.argv[1]), sys.argv[2], sys.argv[3])}")
