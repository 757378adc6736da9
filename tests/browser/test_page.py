"""The exported page in a real browser: from a disc with the network off, and from a folder that a server gives once."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_parity import compare
from made_films import made_films
from PIL import Image
from playwright.sync_api import Browser

from hilum.images import read_film
from hilum.reports.language import language_of
from hilum.runtime import Answering, Predictor
from hilum.runtime.predictive import predictive_values_of
from offline_page import OpenPage

Open = Callable[..., OpenPage]

pytestmark = pytest.mark.slow

_NOISE = """
  const given = OffscreenCanvasRenderingContext2D.prototype.getImageData;
  OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...asked) {
    const picture = given.apply(this, asked);
    for (let i = 0; i < picture.data.length; i += 5) picture.data[i] = (picture.data[i] + 40) % 256;
    return picture;
  };
"""


@pytest.fixture
def answering(phantom_run: Path) -> Answering:
    return Answering(Predictor.open(phantom_run, threads=1), "sensitivity>=0.95")


@pytest.fixture(scope="module")
def films(phantom_films: Path) -> list[Path]:
    return sorted((phantom_films / "test").rglob("*.jpeg"))[:3]


@pytest.fixture(scope="module")
def dicom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dicom") / "study.dcm"
    path.write_bytes(b"\0" * 128 + b"DICM" + b"\0" * 64)
    return path


@pytest.fixture(scope="module")
def shown(browser: Browser, exported: Path, films: list[Path], dicom: Path) -> Iterator[OpenPage]:
    """The single file from a disc, with three films and a file that is none."""
    one = OpenPage(browser, single(exported))
    one.give(*films, dicom)
    yield one
    one.context.close()


@contextmanager
def serving(folder: Path, cache_control: str = "") -> Iterator[tuple[str, ThreadingHTTPServer]]:
    """The folder on a server of this machine, which says how long its files may be kept, or nothing of it."""

    class Quiet(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            if cache_control:
                self.send_header("Cache-Control", cache_control)
            super().end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: the test's output is not its log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", server
    server.shutdown()
    server.server_close()


@pytest.fixture
def served(exported: Path) -> Iterator[tuple[str, ThreadingHTTPServer]]:
    """The folder web/ on a server of this machine."""
    with serving(exported / "web") as server:
        yield server


def single(exported: Path) -> str:
    return (exported / "hilum.html").as_uri()


def test_single_file_answers_from_a_disc_and_asks_nobody(
    exported: Path, shown: OpenPage, films: list[Path], answering: Answering
) -> None:
    shown.choose(0)
    expected = answering.of(films[0]).prediction
    assert expected.probability is not None
    written = re.fullmatch(r"(over |under )?([\d.]+) %", shown.part("figure"))
    assert written and float(written[2]) == pytest.approx(100 * expected.probability, abs=0.1)
    words = "signs of pneumonia found" if expected.decision == "pneumonia" else "no sign of pneumonia found"
    assert words in shown.part("decision").lower()
    assert answering.predictor.manifest.population[:30] in shown.page.locator("#limits").inner_text()
    assert [url for url in shown.asked if not url.startswith(("data:", "blob:"))] == [single(exported)]
    assert shown.complaints == []


def test_refused_file_says_what_it_is(shown: OpenPage) -> None:
    assert shown.said(3) == "not assessed"
    shown.choose(3)
    assert "'study.dcm' holds a DICOM file. Expected a JPEG or PNG image." in shown.part("reasons")


def test_map_is_drawn_and_its_slider_fades_it(shown: OpenPage) -> None:
    shown.choose(0)
    drawn = shown.page.locator('#readings [data-part="map"]').first
    assert drawn.is_visible()
    slider = shown.page.locator("#opacity")
    slider.focus()
    slider.press("Home")
    assert drawn.evaluate("(map) => getComputedStyle(map).opacity") == "0"
    slider.press("End")
    assert drawn.evaluate("(map) => getComputedStyle(map).opacity") == "1"


def test_only_what_a_page_without_server_can_do_is_offered(shown: OpenPage) -> None:
    welcome = shown.page.locator("#welcome").text_content() or ""
    assert "JPEG or PNG" in welcome and "TIFF" not in welcome and "server" not in welcome
    buttons = shown.page.locator("#report button:visible, #report select:visible").all_inner_texts()
    assert len(buttons) == 1 and buttons[0].startswith("Print")


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [390, 1280])
def test_page_has_no_serious_fault_for_people_with_disabilities(shown: OpenPage, scheme: str, width: int) -> None:
    shown.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    shown.page.set_viewport_size({"width": width, "height": 844})
    for number in (0, 3):
        shown.choose(number)
        found = Axe().run(shown.page).response["violations"]
        assert [fault["id"] for fault in found if fault["impact"] in ("serious", "critical")] == []
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width


def test_films_answered_by_keyboard_alone(exported: Path, opened: Open, films: list[Path]) -> None:
    one = opened(single(exported))
    one.page.evaluate("document.querySelector('#chooser').addEventListener('click', () => { hilum.asked = true; })")
    one.page.keyboard.press("Tab")
    while not one.page.evaluate("document.activeElement.matches('#welcome [data-choose]')"):
        one.page.keyboard.press("Tab")
    one.page.keyboard.press("Enter")
    assert one.page.evaluate("hilum.asked")  # whether a dialog then opens is the browser's, and headless by chance
    one.give(*films)
    assert one.page.evaluate("document.activeElement.matches('#rows button')")
    one.page.keyboard.press("ArrowDown")
    assert one.page.evaluate("[...document.querySelectorAll('#rows button')].indexOf(document.activeElement)") == 1


def test_every_way_to_store_a_film_gives_the_answer_of_hilum(
    exported: Path, opened: Open, films: list[Path], answering: Answering
) -> None:
    one = opened(single(exported))
    files = [(film.name, film.read_bytes()) for film in films]
    made = made_films(np.asarray(read_film(films[0]).pixels)).items()
    for name, some in {"phantoms": files, "made": list(made)}.items():
        found = compare(name, some, answering, one.page)
        assert found.is_held, found
        assert found.answered and found.told_otherwise == []


def test_browser_that_changes_pixels_is_refused(exported: Path, opened: Open) -> None:
    one = opened(single(exported), first_script=_NOISE)
    told = one.page.locator("#trouble").inner_text()
    assert "This browser changes the pixels of a film" in told
    assert "use another browser" in told
    assert not one.page.locator("#welcome").is_visible()


def test_damaged_model_is_refused(exported: Path, opened: Open, tmp_path: Path) -> None:
    page = (exported / "hilum.html").read_text(encoding="utf-8")
    other = "0" * 64
    damaged = re.sub(r'"graph_sha256": "\w+"', f'"graph_sha256": "{other}"', page, count=1)
    (tmp_path / "hilum.html").write_text(damaged, encoding="utf-8")
    one = opened((tmp_path / "hilum.html").as_uri())
    assert "The model inside this page is damaged." in one.page.locator("#trouble").inner_text()


def test_folder_answers_without_its_server_after_the_first_visit(
    served: tuple[str, ThreadingHTTPServer], opened: Open, films: list[Path]
) -> None:
    address, server = served
    one = opened(address)
    one.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    server.shutdown()
    server.server_close()
    one.context.set_offline(True)
    one.page.reload()
    one.page.locator("#welcome").wait_for(timeout=60_000)
    one.give(films[0])
    assert "%" in one.said(0)
    assert all(url.startswith((address, "data:", "blob:")) for url in one.asked)


@pytest.mark.parametrize("header", ["", "max-age=31536000"])
def test_new_export_takes_the_place_of_an_old_one_that_the_browser_keeps(
    exported: Path, tmp_path: Path, opened: Open, header: str
) -> None:
    """A browser keeps files for years where a server says so, or says nothing of files that are years old."""
    folder = tmp_path / "web"
    shutil.copytree(exported / "web", folder)
    for file in folder.iterdir():
        os.utime(file, (1e9, 1e9))
    with serving(folder, header) as (address, _):
        one = opened(address)
        one.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        model, worker = folder / "model.onnx", folder / "worker.js"
        model.write_bytes(b"another model")
        os.utime(model, (1e9, 1e9))
        found = re.search(r"}([0-9a-f]{16})`;", worker.read_text("utf-8"))
        assert found
        worker.write_text(worker.read_text("utf-8").replace(found[1], "0" * 16), "utf-8")
        kept = one.page.evaluate(
            """async () => {
              await (await navigator.serviceWorker.ready).update();
              for (;;) {
                const [name, ...others] = await caches.keys();
                if (name.endsWith("0".repeat(16)) && !others.length) break;
                await new Promise((done) => setTimeout(done, 50));
              }
              return await (await caches.match("model.onnx")).text();
            }"""
        )
    assert kept == "another model"


def test_page_says_how_often_a_call_is_right(shown: OpenPage, answering: Answering) -> None:
    shown.choose(0)
    rows = shown.page.locator('#readings [data-part="value-rows"] tr').all_inner_texts()
    first = predictive_values_of(answering)[0]
    assert len(rows) == 4 and first.ppv.value is not None
    assert rows[0].replace("\u00a0", " ").startswith("1 %\t")
    assert language_of("en").percent(first.ppv.value) in rows[0]
    shown.choose(3)
    assert not shown.page.locator('#readings [data-part="values"]').is_visible()


def test_folder_from_a_disc_points_to_the_single_file(exported: Path, opened: Open) -> None:
    one = opened((exported / "web" / "index.html").as_uri())
    assert "open hilum.html instead" in one.page.locator("#trouble").inner_text()


def test_large_film_is_reduced_for_the_screen(exported: Path, opened: Open, tmp_path: Path) -> None:
    ramp = np.add.outer(np.arange(2400) // 12, np.arange(2000) // 50).astype(np.uint8)
    Image.fromarray(ramp).save(tmp_path / "large.png")
    one = opened(single(exported))
    one.give(tmp_path / "large.png")
    assert one.page.locator('#readings [data-part="film"]').evaluate("(film) => film.naturalHeight") == 1024
    shutil.rmtree(tmp_path)
