"""What an HTML file that holds all that it shows consists of."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from html.parser import HTMLParser
from typing import Any

__all__ = ["HtmlParts"]


class HtmlParts(HTMLParser):
    """Collect scripts, styles, the policy, and what attributes point to.

    Args:
        html: The file's text.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: dict[str, str] = {}
        """What scripts, style, title and licences hold, by their ids or else their tags."""
        self.pointed: list[str] = []
        self.policy = ""
        self._inside: str | None = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.pointed += [v for k, v in attrs if k in ("src", "href", "srcset", "action", "data")]
        assert not any(name.startswith("on") or name == "style" for name in given), given
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]
        if tag in ("script", "style", "title", "h1", "pre"):
            self._inside = given.get("id", tag)

    def handle_data(self, data):
        if self._inside is not None:
            self.texts[self._inside] = self.texts.get(self._inside, "") + data

    def handle_endtag(self, tag):
        self._inside = None

    def json(self, name: str) -> Any:
        """Return what a script element of JSON holds."""
        return json.loads(self.texts[name])

    def files(self) -> dict[str, bytes]:
        """Return the embedded files."""
        packed = self.json("page-files")
        return {name: gzip.decompress(base64.b64decode(text)) for name, text in packed.items()}

    def check_points_nowhere(self) -> None:
        """Check that nothing outside the file is named."""
        assert self.pointed
        assert all(each.startswith(("data:", "#")) for each in self.pointed), self.pointed
        assert "@import" not in self.texts["style"]
        assert "url(" not in self.texts["style"]

    def check_policy(self) -> dict[str, str]:
        """Check that the policy allows the file's own script and style, and no request."""
        rules = dict(rule.split(" ", 1) for rule in self.policy.split("; "))
        assert rules["default-src"] == "'none'"
        assert not {"connect-src", "font-src", "frame-src", "object-src"} & rules.keys()
        for name, rule in (("script", "script-src"), ("style", "style-src")):
            digest = hashlib.sha256(self.texts[name].encode()).digest()
            assert f"'sha256-{base64.b64encode(digest).decode()}'" in rules[rule]
        assert "unsafe-inline" not in self.policy
        assert " 'unsafe-eval'" not in self.policy
        return rules
