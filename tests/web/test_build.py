"""What `web/build.mjs` has built into the package, looked at without Node and without a browser."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import dsdmsr
from dsdmsr.app.page import page_html
from dsdmsr.zoo.names import folder_of

WEB = Path(__file__).parents[2] / "web"
BUILT = Path(dsdmsr.__file__).parent / "app" / "page_files"


class _Parts(HTMLParser):
    """Collects scripts, styles, the policy, and what attributes point to."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: dict[str, str] = {}
        self.pointed: list[str] = []
        self.policy = ""
        self._inside: str | None = None

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.pointed += [v for k, v in attrs if k in ("src", "href", "srcset", "action", "data")]
        assert not any(name.startswith("on") or name == "style" for name in given), given
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        if tag in ("script", "style"):
            self._inside = given.get("id", tag)

    def handle_data(self, data):
        if self._inside is not None:
            self.texts[self._inside] = self.texts.get(self._inside, "") + data

    def handle_endtag(self, tag):
        self._inside = None


@pytest.fixture(scope="module")
def html() -> str:
    return page_html()


@pytest.fixture(scope="module")
def parts(html) -> _Parts:
    parsed = _Parts()
    parsed.feed(html)
    return parsed


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
    assert sum(path.stat().st_size for path in BUILT.iterdir()) <= 3.5e6


def test_the_page_points_to_nothing_outside(parts):
    assert parts.pointed
    assert all(each.startswith(("data:", "#")) for each in parts.pointed), parts.pointed
    assert "@import" not in parts.texts["style"]
    assert "url(" not in parts.texts["style"]


def test_the_policy_allows_these_scripts_alone_and_no_request(parts):
    rules = dict(rule.split(" ", 1) for rule in parts.policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert not {"connect-src", "font-src", "frame-src", "object-src"} & rules.keys()
    for name, rule in (("script", "script-src"), ("style", "style-src")):
        digest = hashlib.sha256(parts.texts[name].encode()).digest()
        assert f"'sha256-{base64.b64encode(digest).decode()}'" in rules[rule]
    assert "unsafe-inline" not in parts.policy
    assert " 'unsafe-eval'" not in parts.policy


def test_the_page_holds_the_packaged_network_and_samples(parts):
    files = json.loads(parts.texts["page-files"])
    unpacked = {name: gzip.decompress(base64.b64decode(text)) for name, text in files.items()}
    network = [path for path in folder_of("dsdmsr-fast").iterdir() if path.suffix != ".md"]
    assert {f"network/{path.name}" for path in network} <= files.keys()
    for path in network:
        assert unpacked[f"network/{path.name}"] == path.read_bytes()
    sample = Path(dsdmsr.__file__).parent / "io" / "sample"
    for name in ("lr_depth.png", "hr_depth.png"):
        assert unpacked[name] == (sample / name).read_bytes()
    assert unpacked["runtime.wasm"].startswith(b"\0asm")


def test_the_licences_of_all_that_is_inside_are_in_it(parts):
    packed = json.loads(parts.texts["page-files"])["licences.txt"]
    text = gzip.decompress(base64.b64decode(packed)).decode()
    for title in ("dsdmsr (Apache-2.0)", "onnxruntime-web", "fast-png", "What ONNX Runtime holds"):
        assert title in text
    # A package that comes into the page brings its licence.
    dependencies = re.findall(r"^(\S+) [\d.]+ \(([^)]+)\)$", text, flags=re.MULTILINE)
    assert {licence for _, licence in dependencies} <= {"MIT", "Apache-2.0", "BSD-3-Clause", "ISC"}
