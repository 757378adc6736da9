"""An exported page, and its modules by themselves, in a real Chromium."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, Page

import hilum
from hilum.browser.bundle import bundled
from hilum.browser.runtime_files import HASHES, RUNTIME
from hilum.files import read_text
from hilum.verbs.export import export
from offline_page import OpenPage

sys.path.append(str(Path(__file__).parents[2] / "bench"))  # for made_films and browser_parity

_TRIED = ("answering", "calibrated", "checks", "colour", "evidence", "film", "numbers", "quantiles", "reduce", "square")


@pytest.fixture(scope="session")
def exported(phantom_run: Path, shared_between_workers: Path) -> Path:
    """The folder of the small model's page: hilum.html and web/."""
    if not all((RUNTIME / name).exists() for name in HASHES):
        pytest.skip("ONNX Runtime Web has not been fetched; make web does that")
    folder = shared_between_workers / "phantom-page"
    with FileLock(shared_between_workers / "phantom-page.lock"):
        if not folder.exists():
            export(phantom_run, output=folder)
    return folder


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., OpenPage]]:
    """Opens pages; none may have run against its content security policy."""
    pages: list[OpenPage] = []

    def open_page(address: str, **more: Any) -> OpenPage:
        pages.append(OpenPage(browser, address, **more))
        return pages[-1]

    yield open_page
    for one in pages:
        assert [words for words in one.complaints if "Content Security Policy" in words] == []
        one.context.close()


@pytest.fixture(scope="session")
def modules(browser: Browser) -> Iterator[Page]:
    """A blank page that has the modules' exports as `modules.NAME`."""
    folder = Path(hilum.__file__).parent
    paths = [*(folder / "browser" / "modules").glob("*.js"), *(folder / "web" / "static").glob("*.js")]
    sources = {path.relative_to(folder).as_posix(): read_text(path) for path in paths}
    imports = "".join(f'import * as {name} from "./browser/modules/{name}.js";\n' for name in _TRIED)
    imports += 'import * as written from "./web/static/numbers.js";\n'
    entry = f"{imports}globalThis.modules = {{ written, {', '.join(_TRIED)} }};\n"
    page = browser.new_context().new_page()
    page.add_script_tag(content=bundled(sources | {"entry.js": entry}, "entry.js"))
    yield page
    page.context.close()
