from __future__ import annotations

import os
import stat
import subprocess
import sys

from testing.command import refused, run


def test_the_page_is_written_once(capsys, tmp_path):
    target = tmp_path / "new folder" / "see.html"
    code, out, _ = run(capsys, "page", "-o", target)
    assert code == 0
    assert out.startswith(f"wrote {target}, ")
    first = target.read_bytes()
    assert first.startswith(b"<!doctype html>")
    assert b"{{" not in first[: first.index(b"<script")]
    target.write_text("mine")
    assert "exists: give another name, or --overwrite" in refused(capsys, "page", "-o", target)
    assert target.read_text() == "mine"
    assert run(capsys, "page", "-o", target, "--overwrite")[0] == 0
    assert target.read_bytes() == first
    assert [path.name for path in target.parent.iterdir()] == ["see.html"]


def test_what_page_refuses(capsys, tmp_path):
    assert "allowed are .html and .htm" in refused(capsys, "page", "-o", tmp_path / "page.pdf")
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused(capsys, "page", "-o", tmp_path / "file" / "page.html")


def test_open_shows_the_page_in_the_browser(tmp_path):
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > "{tmp_path}/shown"\n')
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    command = [sys.executable, "-m", "dsdmsr", "page", "-o", "page.html", "--open"]
    environment = {**os.environ, "BROWSER": f"{browser} %s"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "shown").read_text() == (tmp_path / "page.html").resolve().as_uri()
