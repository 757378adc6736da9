"""A server and films that the tests of the page share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser

from served_page import Visit
from web_client import live


@pytest.fixture(scope="module")
def page_server(phantom_run: Path) -> Iterator[str]:
    """Address of a server of two models, which are one under two names."""
    with live([phantom_run, phantom_run]) as server:
        yield server.address


@pytest.fixture
def visit(browser: Browser, page_server: str) -> Iterator[Callable[..., Visit]]:
    """Opens a page of that server, or of the one at `address`; nothing may have been asked of another host."""
    visits: list[Visit] = []

    def opened(address: str = "", **context: Any) -> Visit:
        visits.append(Visit(browser, address or page_server, **context))
        return visits[-1]

    yield opened
    for one in visits:
        strangers = [url for url in one.asked if not url.startswith((one.address, "blob:", "data:"))]
        assert strangers == []
        assert [words for words in one.complaints if "Content Security Policy" in words] == []
        one.page.context.close()


@pytest.fixture(scope="session")
def films(phantom_films: Path) -> list[Path]:
    """Three films that are answered."""
    return sorted((phantom_films / "test").rglob("*.jpeg"))[:3]


@pytest.fixture(scope="session")
def colourful(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture that is refused: no X-ray is coloured."""
    path = tmp_path_factory.mktemp("pictures") / "colours.png"
    colours = [Image.linear_gradient("L").rotate(turn) for turn in (0, 90, 180)]
    Image.merge("RGB", colours).save(path)
    return path


@pytest.fixture(scope="session")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that cannot be read."""
    path = tmp_path_factory.mktemp("pictures") / "broken.jpeg"
    path.write_bytes(b"\xff\xd8\xff\xe0 this is no film")
    return path
