"""What `web/build.mjs` has built into the package, looked at without Node and without a browser."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from testing.html_parts import HtmlParts

import dsdmsr
from dsdmsr.app.page import page_html
from dsdmsr.zoo.names import folder_of

WEB = Path(__file__).parents[2] / "web"
BUILT = Path(dsdmsr.__file__).parent / "app" / "page_files"


@pytest.fixture(scope="module")
def html() -> str:
    return page_html()


@pytest.fixture(scope="module")
def parts(html) -> HtmlParts:
    return HtmlParts(html)


def test_what_is_built_is_built_from_these_sources():
    if not WEB.is_dir():
        pytest.skip("there is no web/: the page's sources are in the repository alone")
    names = [
        path.relative_to(WEB).as_posix() for path in (WEB / "src").rglob("*") if path.is_file()
    ]
    names += ["build.mjs", "package-lock.json", "package.json", "tsconfig.json"]
    lines = [
        f"{hashlib.sha256((WEB / name).read_bytes()).hexdigest()}  {name}\n"
        for name in sorted(names)
    ]
    computed = hashlib.sha256("".join(lines).encode()).hexdigest()
    recorded = (BUILT / "inputs.sha256").read_text().strip()
    assert recorded == computed, "web/ has changed: run npm ci && node build.mjs in web/"


def test_the_page_and_what_the_package_holds_of_it_are_small(html):
    assert len(html.encode()) <= 6e6
    assert (BUILT / "scene.html").stat().st_size <= 40e3
    assert sum(path.stat().st_size for path in BUILT.iterdir()) <= 3.5e6


def test_the_page_points_to_nothing_outside(parts):
    parts.check_points_nowhere()


def test_the_policy_allows_these_scripts_alone_and_no_request(parts):
    parts.check_policy()


def test_the_page_holds_the_packaged_network_and_samples(parts):
    unpacked = parts.files()
    network = [path for path in folder_of("dsdmsr-fast").iterdir() if path.suffix != ".md"]
    assert {f"network/{path.name}" for path in network} <= unpacked.keys()
    for path in network:
        assert unpacked[f"network/{path.name}"] == path.read_bytes()
    sample = Path(dsdmsr.__file__).parent / "io" / "sample"
    for name in ("lr_depth.png", "hr_depth.png"):
        assert unpacked[name] == (sample / name).read_bytes()
    assert unpacked["runtime.wasm"].startswith(b"\0asm")


def test_the_licences_of_all_that_is_inside_are_in_it(parts):
    text = parts.files()["licences.txt"].decode()
    for title in ("dsdmsr (Apache-2.0)", "onnxruntime-web", "fast-png", "What ONNX Runtime"):
        assert title in text
    # A package that comes into the page brings its licence.
    dependencies = re.findall(r"^(\S+) [\d.]+ \(([^)]+)\)$", text, flags=re.MULTILINE)
    assert {licence for _, licence in dependencies} <= {"MIT", "Apache-2.0", "BSD-3-Clause", "ISC"}
