"""The browser page in a tab, and what people do in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

__all__ = ["OpenPage"]


class OpenPage:
    """A tab with the page in it, and what it asks for and complains of.

    Args:
        tab: Playwright's page.
        url: Where the page is.
    """

    def __init__(self, tab: Any, url: str) -> None:
        self.tab, self.url = tab, url
        self.asked: list[str] = []
        self.complaints: list[str] = []
        tab.on("request", lambda request: self.asked.append(request.url))
        tab.on("console", lambda message: self.complaints.append(message.text))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.set_default_timeout(60_000)
        tab.goto(url)

    def choose(self, file: Path, encoding: str | None = None) -> None:
        """Choose a file, and wait until it is read or refused."""
        tab = self.tab
        tab.set_input_files("#file", file)
        # Whichever comes: what it is, or why it cannot be read.
        read = tab.locator("#file-name", has_text=re.compile(f"^{re.escape(file.name)}$"))
        refused = tab.locator("#alert", has_text=re.compile(f"^{re.escape(file.name)}[ :]"))
        read.or_(refused).first.wait_for()
        tab.locator("#progress").wait_for(state="hidden")
        if encoding is not None:
            tab.select_option("#encoding", encoding)
            tab.locator("#progress").wait_for(state="hidden")

    def upscale(self, *, scale: int, phase: str = "centre", fill: int = 0) -> None:
        """Set the options, and wait for the result."""
        tab = self.tab
        tab.select_option("#scale", str(scale))
        tab.select_option("#phase", phase)
        tab.evaluate("document.querySelector('#form details').open = true")
        tab.fill("#fill", str(fill))
        tab.click("#run")
        self.wait_for_result(scale)

    def use_sample(self) -> None:
        """Press the button of the sample, and wait for the result."""
        self.tab.get_by_role("button", name="Use the rendered sample").click()
        self.wait_for_result(4)

    def wait_for_result(self, scale: int) -> None:
        """Wait until a result is shown."""
        self.tab.locator("#progress").wait_for(state="hidden")
        assert self.said() == ""
        self.tab.locator("#summary", has_text=f"×{scale} ·").wait_for()

    def said(self) -> str:
        """Return the message that is shown; empty for none."""
        text: str = self.tab.locator("#alert").inner_text()
        return text

    def download(self, label: str, folder: Path) -> Path:
        """Press a button of the downloads; return the file."""
        with self.tab.expect_download() as expected:
            self.tab.locator("#downloads").get_by_role("button", name=label, exact=True).click()
        path = folder / expected.value.suggested_filename
        expected.value.save_as(path)
        return path

    def check_quiet(self) -> None:
        """Check that nothing was asked for but the page itself, and nothing complained of."""
        assert [url for url in self.asked if not url.startswith("blob:")] == [self.url]
        assert self.complaints == []
