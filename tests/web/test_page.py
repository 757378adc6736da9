"""What people do with the page: films in, answers, maps and reports out."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload

from hilum.runtime import Answering, Predictor
from served_page import Visit

pytestmark = pytest.mark.slow
Visits = Callable[..., Visit]


def test_welcome_says_what_is_told_where_films_go_and_what_limits_it(visit: Visits) -> None:
    page = visit()
    page.page.locator("#welcome").wait_for()
    assert "how probable pneumonia is" in page.text("welcome")
    assert "keeps nothing" in page.text("welcome")
    assert page.text("limits").startswith("It assists a reader; it is not a medical device.")
    assert not page.page.locator("#insecure").count()


def test_film_chosen_by_click_gets_the_answer_of_the_command_line(
    visit: Visits, films: list[Path], phantom_run: Path
) -> None:
    page = visit()
    with page.page.expect_file_chooser() as chooser:
        page.page.get_by_role("button", name="Choose films").click()
    chooser.value.set_files(films[0])
    page.wait()
    said = Answering(Predictor.open(phantom_run), "sensitivity>=0.95").of(films[0]).prediction
    assert said.probability is not None
    assert page.part("figure") == f"{100 * said.probability:.1f} %"
    assert page.part("decision").startswith("Signs" if said.decision == "pneumonia" else "No sign")
    assert "as in the training data" in page.part("where")
    assert page.part("doubt") == "The model does not know: it leaves both answers open, pneumonia and normal."
    assert page.text("counts") == "1 film: 1 uncertain"
    assert page.text("limits").startswith("It assists a reader")


def test_dropped_films_are_taken(visit: Visits, films: list[Path]) -> None:
    page = visit()
    page.page.locator("#welcome").wait_for()
    dropped = page.page.evaluate_handle(
        """(films) => {
          const transfer = new DataTransfer();
          for (const [name, text] of films) {
            const content = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
            transfer.items.add(new File([content], name, { type: "image/jpeg" }));
          }
          return transfer;
        }""",
        [[film.name, base64.b64encode(film.read_bytes()).decode()] for film in films[:2]],
    )
    page.page.dispatch_event("body", "dragover", {"dataTransfer": dropped})
    assert page.page.locator("#drop").is_visible()
    page.page.dispatch_event("body", "drop", {"dataTransfer": dropped})
    page.wait()
    assert not page.page.locator("#drop").is_visible()
    assert page.text("counts") == "2 films: 2 uncertain"


def test_every_film_of_many_is_a_row_and_the_counts_add_up(
    visit: Visits, films: list[Path], colourful: Path, broken: Path
) -> None:
    page = visit()
    page.give(*films, colourful, broken)
    assert page.text("counts") == "5 films: 2 not assessed, 3 uncertain"
    assert page.text("live") == page.text("counts")  # told to a screen reader once, at the end
    assert [page.row(number) for number in (3, 4)] == ["not assessed", "not assessed"]


def test_refused_film_is_shown_with_its_reason_and_without_probability_or_map(visit: Visits, colourful: Path) -> None:
    page = visit()
    page.give(colourful)
    assert page.part("decision") == "Not assessed"
    assert "colour" in page.part("reasons")
    assert page.page.locator(".sheet .film").is_visible()
    assert page.page.locator(".scale").count() == 0
    assert not page.page.locator("#opacity").is_visible()
    assert not page.part("worth")


def test_unreadable_film_says_so(visit: Visits, broken: Path) -> None:
    page = visit()
    page.give(broken)
    assert page.part("decision") == "Not assessed: the file cannot be read"
    assert "broken.jpeg" in page.part("reasons")
    assert page.part("blank") == "No picture"


def test_slider_sets_how_much_of_the_map_is_seen(visit: Visits, films: list[Path]) -> None:
    page = visit()
    page.give(films[0])
    shown = page.page.locator(".sheet .map")
    assert shown.is_visible() and shown.evaluate("(map) => getComputedStyle(map).opacity") == "0.4"
    page.page.locator("#opacity").fill("0")
    assert shown.evaluate("(map) => getComputedStyle(map).opacity") == "0"
    page.page.locator("#opacity").press("End")
    assert shown.evaluate("(map) => getComputedStyle(map).opacity") == "1"
    assert page.text("shown") == "100 %"


def test_enlarged_film_can_be_moved_and_inverted_is_inverted(visit: Visits, films: list[Path]) -> None:
    page = visit()
    page.give(films[0])
    sheet = page.page.locator(".sheet")
    sheet.click(position={"x": 5, "y": 5})
    assert sheet.evaluate("(sheet) => sheet.scrollWidth > 2 * sheet.clientWidth")
    sheet.press("ArrowRight")
    page.page.wait_for_timeout(200)
    assert sheet.evaluate("(sheet) => sheet.scrollLeft") > 0
    page.page.get_by_role("button", name="Invert").click()
    assert "invert" in page.page.locator(".sheet .film").evaluate("(film) => getComputedStyle(film).filter")


def test_map_lies_over_an_inverted_film_too(visit: Visits, films: list[Path]) -> None:
    page = visit()
    page.give(films[0])
    page.page.get_by_role("button", name="Invert").click()
    sheet = page.page.locator(".sheet")
    page.page.locator("#opacity").fill("0")
    alone = sheet.screenshot()
    page.page.locator("#opacity").press("End")
    assert sheet.screenshot() != alone


def test_report_of_all_films_is_saved(visit: Visits, films: list[Path]) -> None:
    page = visit()
    page.give(*films[:2])
    page.page.locator("#scope").select_option("all")
    with page.page.expect_download() as download:
        page.page.get_by_role("button", name="HTML").click()
    page.page.get_by_text("The report is saved.").wait_for()
    text = Path(download.value.path()).read_text("utf-8")
    assert download.value.suggested_filename.endswith(".html")
    assert all(film.name in text for film in films[:2])
    assert films[2].name not in text


def test_report_can_be_french(visit: Visits, films: list[Path]) -> None:
    page = visit()
    page.give(films[0])
    page.page.locator("#language").select_option("fr")
    with page.page.expect_download() as download:
        page.page.get_by_role("button", name="HTML").click()
    assert '<html lang="fr"' in Path(download.value.path()).read_text("utf-8")


def test_report_as_pdf_is_saved(visit: Visits, films: list[Path]) -> None:
    pytest.importorskip("weasyprint")
    page = visit()
    page.give(films[0])
    with page.page.expect_download(timeout=60_000) as download:
        page.page.get_by_role("button", name="PDF").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")


def test_paper_shows_film_and_map_side_by_side_with_answer_and_limits(visit: Visits, films: list[Path]) -> None:
    page = visit()
    page.give(films[0])
    page.page.emulate_media(media="print", color_scheme="dark")
    boxes = [page.page.locator(f"figure {part}").bounding_box() for part in (".beside", ".film")]
    assert boxes[0] and boxes[1] and boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    assert page.page.locator("#limits").is_visible() and page.page.locator(".verdict").is_visible()
    assert not page.page.locator(".top").is_visible()
    assert (
        page.page.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor") == "rgb(255, 255, 255)"
    )


def test_two_models_stand_side_by_side(visit: Visits, films: list[Path]) -> None:
    page = visit()
    page.give(*films[:2])
    page.page.locator("#models summary").click()
    page.page.locator("#models input").nth(1).check()
    page.wait()
    left, right = (page.page.locator(".reading").nth(number).bounding_box() for number in (0, 1))
    assert left and right and left["y"] == right["y"] and left["x"] < right["x"]
    assert page.page.locator('[data-part="model"]').all_inner_texts() == ["cnn-scratch", "cnn-scratch-2"]
    assert page.text("agree") == "Both models decide alike."
    page.page.locator("#models input").nth(0).uncheck()
    page.page.locator("#models input").nth(1).click()  # the last one stays
    assert page.text("models").startswith("Model cnn-scratch-2")


def test_history_is_that_of_the_tab(visit: Visits, films: list[Path]) -> None:
    page = visit()
    page.give(*films[:2])
    page.page.locator("#rows button").nth(1).click()
    assert page.text("name") == films[1].name
    page.page.get_by_role("button", name="Forget all").click()
    page.page.locator("#welcome").wait_for()
    page.give(films[2])
    assert page.page.locator("#rows li").count() == 1
    page.page.reload()
    page.page.locator("#welcome").wait_for()
    assert page.page.locator("#rows li").count() == 0
    assert page.page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0


def test_file_name_is_shown_as_it_is_never_as_markup(visit: Visits, films: list[Path]) -> None:
    page = visit()
    name = "<img src=x onerror=alert(1)>.jpeg"
    film: FilePayload = {"name": name, "mimeType": "image/jpeg", "buffer": films[0].read_bytes()}
    page.page.locator("#chooser").set_input_files(film)
    page.wait()
    assert page.text("name") == name
    assert page.row(0)
