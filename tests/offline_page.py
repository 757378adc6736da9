"""A page without a server, opened in Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page


class OpenPage:
    """A page in Chromium with the network off, with what it asked for and complained of."""

    def __init__(self, browser: Browser, address: str, first_script: str = "", **context: Any) -> None:
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.context = browser.new_context(**context)
        self.context.set_offline(address.startswith("file:"))
        self.page: Page = self.context.new_page()
        if first_script:
            self.page.add_init_script(first_script)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.goto(address)
        self.page.locator("#welcome:not([hidden]), #trouble:not([hidden])").first.wait_for(timeout=60_000)

    def give(self, *films: Path) -> None:
        """Choose films, and wait until each has its answer."""
        self.page.locator("#chooser").set_input_files(list(films))
        self.page.locator("#work").wait_for()
        self.page.locator("#bar").wait_for(state="hidden")

    def choose(self, number: int) -> None:
        """Show a film of the list, counted from 0."""
        self.page.locator("#rows button").nth(number).click()

    def part(self, name: str) -> str:
        """The text of a part of the answer that is shown."""
        return self.page.locator(f'#readings [data-part="{name}"]').first.inner_text().replace("\u00a0", " ")

    def said(self, number: int) -> str:
        """What the list says of a film, counted from 0."""
        return self.page.locator('#rows [data-part="said"]').nth(number).inner_text().replace("\u00a0", " ")
