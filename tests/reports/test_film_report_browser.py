"""The report in a real browser: the map is switched by keyboard, every size is readable, nothing is fetched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hilum.reports.film_report import about, report_page, reported
from hilum.runtime import Answering, Predictor
from stand_ins import MADE

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
WORST = ("serious", "critical")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pages(phantom_run: Path, phantom_films: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of a report on one film and of one on four, in French."""
    answering = Answering(Predictor.open(phantom_run), "youden", 0.05)
    model, folder = about(answering, MADE), tmp_path_factory.mktemp("reports")
    films = [*sorted((phantom_films / "test").rglob("*.*"))[:3], folder / "missing.png"]
    kept = [reported(answering.of(film, with_map=True), model) for film in films]
    (folder / "one.html").write_text(report_page(model, kept[:1]), encoding="utf-8")
    (folder / "many.html").write_text(report_page(model, kept, "fr"), encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in ("one", "many")}


def test_map_is_switched_by_keyboard(browser: Any, pages: dict[str, str]) -> None:
    page = browser.new_page()
    page.goto(pages["one"])
    film, over = page.locator(".of-film"), page.locator(".of-map")
    assert film.is_visible() and over.is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert film.is_visible() and not over.is_visible()
    page.keyboard.press("ArrowRight")
    assert over.is_visible() and not film.is_visible()
    page.get_by_text("Side by side").click()
    assert film.is_visible() and over.is_visible()
    page.emulate_media(media="print")
    assert film.is_visible() and over.is_visible() and not page.get_by_text("Side by side").is_visible()
    page.close()


@pytest.mark.parametrize("width", [360, 390, 768, 1280])
@pytest.mark.parametrize("name", ["one", "many"])
def test_nothing_reaches_beyond_the_side_of_the_screen(
    browser: Any, pages: dict[str, str], name: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(pages[name])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["one", "many"])
def test_no_serious_fault_of_access(browser: Any, pages: dict[str, str], name: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = browser.new_context(color_scheme=scheme, bypass_csp=True).new_page()
    page.goto(pages[name])
    found = axe.Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in WORST] == []
    page.close()


def test_nothing_is_fetched_and_no_rule_is_refused(browser: Any, pages: dict[str, str]) -> None:
    page, asked, told = browser.new_page(), list[str](), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: told.append(message.text))
    page.goto(pages["many"])
    assert [url for url in asked if not url.startswith("data:")] == [pages["many"]] and told == []
    assert page.evaluate("getComputedStyle(document.querySelector('.decision')).borderLeftWidth") == "6px"
    page.close()
