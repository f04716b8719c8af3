"""What the package holds and requires, with licences: a bill of materials as CycloneDX JSON.

Held are our code and networks, and the browser page with its packages and runtime; the licences'
texts are in ``licences.txt.xz`` beside the page. Required packages are installed beside it, in any
version that their requirement allows, and so have none here. Wheels carry the file (PEP 770).
"""

from __future__ import annotations

import hashlib
import json
import lzma
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import metadata
from typing import Any

from benchmarks.common.options import ROOT

__all__ = ["BILL", "bill"]

BILL = ROOT / "bom.cdx.json"
_PACKAGE = ROOT / "src" / "dsdmsr"
_PAGE = _PACKAGE / "app" / "page_files"
_OURS = "Apache-2.0"
_OF_CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
}
"""Classifier → SPDX name, for packages that give no SPDX expression."""
_HEADING = re.compile(r"^=+\n\n(\S+) (\d\S*) \((\S+)\)$", re.MULTILINE)
"""Of a package in ``licences.txt.xz``, as `web/build.mjs` writes it."""


def bill() -> str:
    """Return the bill of materials; it is the same for the same checkout and dependencies."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name, version = project["name"], project["version"]
    required = [re.split(r"[^\w.-]", one, maxsplit=1)[0] for one in project["dependencies"]]
    parts = [*_networks(), *_page(), *map(_required, required)]
    whole = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                **_component("library", name, project["license"], f"pkg:pypi/{name}@{version}"),
                "version": version,
            }
        },
        "components": parts,
        "dependencies": [
            {"ref": f"pkg:pypi/{name}@{version}", "dependsOn": [p["bom-ref"] for p in parts]}
        ],
    }
    return json.dumps(whole, indent=1) + "\n"


def _component(kind: str, name: str, licence: str, ref: str) -> dict[str, Any]:
    component = {
        "type": kind,
        "bom-ref": ref,
        "name": name,
        "licenses": [{"expression": licence}],
    }
    return component | ({"purl": ref} if ref.startswith("pkg:") else {})


def _hashes(content: bytes) -> dict[str, Any]:
    return {"hashes": [{"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}]}


def _networks() -> Iterator[dict[str, Any]]:
    zoo = _PACKAGE / "zoo"
    for weights in sorted(zoo.rglob("*.safetensors")):
        name = weights.parent.relative_to(zoo).as_posix()
        model = _component("machine-learning-model", name, _OURS, f"network:{name}")
        yield model | _hashes(weights.read_bytes())


def _page() -> Iterator[dict[str, Any]]:
    texts = lzma.decompress((_PAGE / "licences.txt.xz").read_bytes()).decode()
    for name, version, licence in _HEADING.findall(texts):
        package = _component("library", name, licence, f"pkg:npm/{name}@{version}")
        yield package | {"version": version}
    runtime = _component("file", "runtime.wasm", "MIT", "file:runtime.wasm")
    described = "ONNX Runtime in WebAssembly; what it holds of others is in licences.txt.xz"
    wasm = lzma.decompress((_PAGE / "runtime.wasm.xz").read_bytes())
    yield runtime | {"description": described} | _hashes(wasm)


def _required(name: str) -> dict[str, Any]:
    return _component("library", name, _licence(name), f"pkg:pypi/{name}") | {"scope": "required"}


def _licence(name: str) -> str:
    """Return the licence of an installed package as an SPDX expression."""
    about = metadata(name)
    if expression := about.get("License-Expression"):
        return expression
    for classifier in about.get_all("Classifier") or []:
        if classifier in _OF_CLASSIFIERS:
            return _OF_CLASSIFIERS[classifier]
    raise SystemExit(f"{name} gives no licence that is known: add its classifier to {__file__}")


def main() -> None:
    """Write the bill."""
    BILL.write_text(bill(), encoding="utf-8")
    print(f"wrote {BILL.relative_to(ROOT)}")
