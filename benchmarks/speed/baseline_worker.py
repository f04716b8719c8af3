"""A process that upscales one map, or reads and writes files, each time when a line asks for it.

It runs the checkout that PYTHONPATH names, of this code or of older one, so that it uses nothing
else of this repository. Lines of JSON come in and go out; what the code itself prints goes to
standard error.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

import dsdmsr
from dsdmsr import DepthMap, Upscaler


def load(name: str, scale: int) -> Upscaler:
    """Return an upscaler on the CPU, with the defaults of its time."""
    return Upscaler.from_pretrained(name, scale=scale, device="cpu")


def file_times(what: str, path: Path, encoding: str | None) -> dict[str, float]:
    """Return the CPU seconds of reading or writing a file, and the bytes of a PNG."""
    if what == "png":
        numbers, out = np.load(path), path.with_name("out.png")
        per_unit, kind, unit = (
            (1000, "depth", "m") if encoding == "mm" else (1, "disparity", "level")
        )
        depth = DepthMap(numbers / per_unit, numbers > 0, kind=kind, unit=unit)
    else:
        began = time.process_time()
        depth = dsdmsr.read_depth(path)
        if what == "read":
            return {"seconds": time.process_time() - began}
        encoding, out = depth.encoding, path.parent / "written" / path.name
        out.parent.mkdir(exist_ok=True)
    began = time.process_time()
    dsdmsr.write_depth(out, depth, encoding, overwrite=True)
    return {"seconds": time.process_time() - began, "bytes": out.stat().st_size}


def main() -> None:
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    if hasattr(dsdmsr, "keep_memory"):
        dsdmsr.keep_memory()
    print(json.dumps({"file": dsdmsr.__file__}), file=lines)
    upscaler, depth = None, DepthMap(np.zeros((1, 1)))
    for line in sys.stdin:
        asked = json.loads(line)
        if "load" in asked:
            upscaler = None  # before the next one, to need no memory for both
            name, scale, size = asked["load"]
            upscaler = load(name, scale)
            depth = DepthMap(np.random.default_rng(0).random(size, dtype=np.float32) + 1)
            upscaler(depth)
            reply = {"loaded": name}
        elif "file" in asked:
            reply = file_times(asked["file"], Path(asked["path"]), asked.get("encoding"))
        else:
            began = time.perf_counter()
            upscaler(depth)
            reply = {"seconds": time.perf_counter() - began}
        print(json.dumps(reply), file=lines)


if __name__ == "__main__":
    main()
