"""A page of a server in Chromium."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request


class Visit:
    """A page of the server, with what its browser asked for and complained of."""

    def __init__(self, browser: Browser, address: str, **context: Any) -> None:
        self.address = address
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page: Page = browser.new_context(**context).new_page()
        self.page.on("request", self._note_request)
        self.page.on("pageerror", self._note_error)
        self.page.on("console", self._note_words)
        self.page.goto(address)

    def _note_request(self, request: Request) -> None:
        self.asked.append(request.url)

    def _note_error(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _note_words(self, message: ConsoleMessage) -> None:
        self.complaints.append(message.text)

    def give(self, *films: Path) -> None:
        """Choose films, and wait until each has its answer."""
        self.page.locator("#chooser").set_input_files(list(films))
        self.wait()

    def wait(self) -> None:
        """Until every film that was given is done."""
        self.page.locator("#work").wait_for()
        self.page.locator("#bar").wait_for(state="hidden")

    def part(self, name: str) -> str:
        """The text of a part of the first answer that is shown; empty where it is hidden."""
        found = self.page.locator(f'#readings [data-part="{name}"]').first
        return found.inner_text().replace("\u00a0", " ") if found.is_visible() else ""

    def text(self, element: str) -> str:
        """The text of the element with that id."""
        return self.page.locator(f"#{element}").inner_text().replace("\u00a0", " ")

    def row(self, number: int) -> str:
        """What the list says of a film, counted from 0."""
        return self.page.locator('#rows [data-part="said"]').nth(number).inner_text().replace("\u00a0", " ")

    def violations(self) -> list[str]:
        """What axe-core finds serious or critical, with the elements."""
        serious = [
            one for one in Axe().run(self.page).response["violations"] if one["impact"] in ("serious", "critical")
        ]
        return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in serious]
