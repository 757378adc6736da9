"""The page for everybody: keyboard only, screen readers, a phone, dark and light; and what its files may hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import hilum.web
from served_page import Visit

Visits = Callable[..., Visit]
WEB = Path(hilum.web.__file__).parent
STATIC = sorted((WEB / "static").iterdir())
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious(visit: Visits, films: list[Path], colourful: Path, theme: str) -> None:
    page = visit(color_scheme=theme)
    page.page.locator("#welcome").wait_for()
    assert page.violations() == []
    page.give(films[0], colourful)
    page.page.locator(".about summary").click()
    page.page.get_by_role("button", name="Enlarge").click()
    assert page.violations() == []
    page.page.locator("#rows button").nth(1).click()
    assert page.violations() == []
    page.page.locator("#models summary").click()
    page.page.locator("#models input").nth(1).check()
    page.wait()
    assert page.violations() == []


@pytest.mark.slow
def test_all_of_it_works_by_keyboard_alone(visit: Visits, films: list[Path]) -> None:
    page = visit(color_scheme="dark")
    page.page.locator("#welcome").wait_for()
    keys = page.page.keyboard
    with page.page.expect_file_chooser() as chooser:
        reach(page, "Choose films")
        keys.press("Enter")
    chooser.value.set_files(films)
    page.wait()
    assert films[0].name in page.page.evaluate("document.activeElement.textContent")
    keys.press("ArrowDown")
    assert page.text("name") == films[1].name
    reach(page, "Map")
    keys.press("Home")
    assert page.text("shown") == "0 %"
    reach(page, "Enlarge")
    keys.press("Space")
    reach(page, "Enlarged film")
    keys.press("ArrowDown")
    page.page.wait_for_timeout(200)
    assert page.page.locator(".sheet").evaluate("(sheet) => sheet.scrollTop") > 0
    reach(page, "About this model")
    keys.press("Enter")
    assert "Sensitivity" in page.part("facts")
    with page.page.expect_download():
        reach(page, "HTML")
        keys.press("Enter")
    reach(page, "Light theme")
    keys.press("Enter")
    assert page.page.evaluate("document.documentElement.dataset.theme") == "light"


def reach(page: Visit, name: str) -> None:
    """Press Tab until the element of that name has the focus, which can be seen."""
    asked = (
        "(() => { const at = document.activeElement; const label = at.labels?.[0]?.textContent ?? '';"
        " const style = getComputedStyle(at);"
        " return [at.getAttribute('aria-label') ?? (label || at.textContent), style.outlineStyle]; })()"
    )
    for _ in range(60):
        page.page.keyboard.press("Tab")
        words, outline = page.page.evaluate(asked)
        if name in words and page.page.evaluate("document.activeElement !== document.body"):
            assert outline != "none"
            return
    raise AssertionError(f"Tab never comes to '{name}'")


@pytest.mark.slow
def test_phone_shows_everything_in_one_column(visit: Visits, films: list[Path]) -> None:
    page = visit(**PHONE)
    page.page.locator("#welcome").wait_for()
    page.give(*films, *films)
    assert page.page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.page.locator("footer").is_visible() and page.page.locator(".answer .limits").is_visible()
    film, answer = (page.page.locator(part).first.bounding_box() for part in (".sheet", ".answer"))
    assert film and answer and film["width"] == 390 and film["y"] + film["height"] <= answer["y"]
    for button in page.page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is None or min(box["width"], box["height"]) >= 24
    page.page.locator("#models summary").click()
    page.page.locator("#models input").nth(1).check()
    page.wait()
    assert page.page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.slow
def test_theme_follows_the_system_until_it_is_chosen(visit: Visits) -> None:
    page = visit(color_scheme="light")
    assert page.page.evaluate("document.documentElement.dataset.theme") == "light"
    page.page.emulate_media(color_scheme="dark")
    page.page.get_by_role("button", name="Light theme").click()
    page.page.emulate_media(color_scheme="dark")
    assert page.page.evaluate("document.documentElement.dataset.theme") == "light"
    page.page.get_by_role("button", name="Dark theme").wait_for()


@pytest.mark.parametrize("path", STATIC, ids=lambda path: path.name)
def test_static_files_are_short_and_name_no_other_host(path: Path) -> None:
    text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert "//" not in re.sub(r"^\s*//.*$| // .*$", "", text, flags=re.MULTILINE)
    assert len(text.splitlines()) <= 300


def test_page_has_no_inline_script_or_style() -> None:
    text = (WEB / "templates" / "page.html.j2").read_text("utf-8")
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", text)
    named = re.findall(r'(?:src|href)="static/([^"]+)"', text)
    assert {path.name for path in STATIC} >= set(named)


def test_every_module_is_imported_by_the_page() -> None:
    modules = {path.name: path.read_text("utf-8") for path in STATIC if path.suffix == ".js"}
    imported = {name for text in modules.values() for name in re.findall(r'from "\./(\S+)"', text)}
    assert imported | {"page.js"} == set(modules)
