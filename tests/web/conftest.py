"""The browser page as tests drive it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from testing.browser_page import OpenPage
from testing.web_engine import Engine, built_engine

from dsdmsr.app.page import page_html

QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-sync"]
SOFTWARE_GL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]


@pytest.fixture(scope="session")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, as `dsdmsr page` writes it."""
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(page_html(), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A browser; tests skip where there is none."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no chromium")
    api = pytest.importorskip("playwright.sync_api")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=[*QUIET, *SOFTWARE_GL])
        yield started
        started.close()


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The page's engine, in Node."""
    return built_engine(tmp_path_factory.mktemp("engine"))


@pytest.fixture
def opened(browser: Any, page_file: Path) -> Iterator[OpenPage]:
    """The page in a tab of its own, in a wide window."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = OpenPage(tab, page_file.as_uri())
    yield page
    tab.close()
