"""What the page says and does where something is in the way: no token, no server, no place, no answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route

from served_page import Visit
from web_client import live

pytestmark = pytest.mark.slow
Visits = Callable[..., Visit]
TOKEN = "hN3v8Yq2Lw6Zp0Xc5Rt9Bm4Kd7Fs1Gj8UaQeWoTi"


@pytest.fixture(scope="module")
def guarded_server(phantom_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server with a token and a prevalence of its own, started with --insecure."""
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    with live([phantom_run], token_file=token, prevalence=0.05, host="0.0.0.0", insecure=True) as server:
        yield server.address.replace("0.0.0.0", "127.0.0.1")


def problem(status: int, detail: str, **more: str) -> Callable[[Route], None]:
    """Answers a request with a problem document."""

    def answer(route: Route) -> None:
        headers = {"Retry-After": "1"} if status == 503 else {}
        body = json.dumps({"status": status, "detail": detail, **more})
        route.fulfill(status=status, headers=headers, content_type="application/problem+json", body=body)

    return answer


def test_token_is_asked_for_once_and_kept_in_memory_only(visit: Visits, guarded_server: str, films: list[Path]) -> None:
    page = visit(guarded_server)
    page.page.locator("#token").wait_for()
    assert page.page.evaluate("document.activeElement.id") == "token-value"
    page.page.keyboard.type("this-is-not-the-token")
    page.page.keyboard.press("Enter")
    page.page.get_by_text("That is not the token of this server.").wait_for()
    assert page.violations() == []
    page.page.keyboard.type(TOKEN)
    page.page.keyboard.press("Enter")
    page.page.locator("#welcome").wait_for()
    page.give(films[0])
    assert page.part("figure")
    assert all(TOKEN not in url for url in page.asked) and TOKEN not in page.page.content()
    assert page.page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
    page.page.reload()
    page.page.locator("#token").wait_for()


def test_server_without_protection_says_so_on_the_page(visit: Visits, guarded_server: str) -> None:
    page = visit(guarded_server)
    page.page.locator("#token").wait_for()
    assert "--insecure" in page.text("insecure") or "Anyone" in page.text("insecure")


def test_site_with_its_own_prevalence_shows_both_probabilities(
    visit: Visits, guarded_server: str, films: list[Path]
) -> None:
    page = visit(guarded_server)
    page.page.locator("#token-value").fill(TOKEN)
    page.page.keyboard.press("Enter")
    page.page.locator("#welcome").wait_for()
    page.give(films[0])
    where = [words.replace("\u00a0", " ") for words in page.page.locator('[data-part="where"]').all_inner_texts()]
    assert where[0].startswith("probability as in the training data")
    assert where[1] == "probability at this site, where 5 % have pneumonia"


def test_busy_server_is_asked_again_when_it_says(visit: Visits, films: list[Path]) -> None:
    page = visit()
    page.page.route("**/predict*", problem(503, "The queue is full."), times=1)
    page.page.locator("#chooser").set_input_files([films[0]])
    page.page.get_by_text("The server is busy; asked again in 1 s").wait_for()
    assert page.row(0) == "busy, again in 1 s"
    assert page.page.title() == "0 of 1 \u00b7 hilum"
    page.wait()
    assert page.part("figure")


def test_lost_server_stops_the_queue_and_nothing_is_lost(visit: Visits, films: list[Path]) -> None:
    page = visit()
    page.page.locator("#welcome").wait_for()
    page.page.context.set_offline(True)
    page.page.locator("#chooser").set_input_files(films)
    page.page.locator("#trouble").wait_for()
    assert "The server does not answer." in page.text("trouble")
    assert [page.row(number) for number in range(3)] == ["waiting"] * 3
    page.page.context.set_offline(False)
    page.page.get_by_role("button", name="Try again").click()
    page.wait()
    assert page.text("counts") == "3 films: 3 uncertain"
    assert not page.page.locator("#trouble").is_visible()


def test_server_that_is_away_from_the_start_is_asked_again(visit: Visits) -> None:
    page = visit()
    page.page.route("**/api/**", lambda route: route.abort(), times=1)
    page.page.reload()
    page.page.locator("#trouble").wait_for()
    assert not page.page.locator("#token").is_visible()
    page.page.get_by_role("button", name="Try again").click()
    page.page.locator("#welcome").wait_for()


def test_film_without_an_answer_says_why_and_can_be_tried_again(visit: Visits, films: list[Path]) -> None:
    page = visit()
    said = problem(500, "The graph could not be run.", expected="a graph that runs", do="Tell whoever runs this.")
    page.page.route("**/predict*", said, times=1)
    page.give(*films[:2])
    assert page.text("counts") == "2 films: 1 without an answer, 1 uncertain"
    assert page.part("reasons") == "The graph could not be run. Expected a graph that runs. Tell whoever runs this."
    page.page.get_by_role("button", name="Try again").click()
    page.wait()
    assert page.text("counts") == "2 films: 2 uncertain"


def test_answer_that_is_cut_off_is_no_answer(visit: Visits, films: list[Path]) -> None:
    page = visit()
    cut = {"status": 200, "content_type": "application/json", "body": '{"predictions": ['}
    page.page.route("**/predict*", lambda route: route.fulfill(**cut), times=1)
    page.give(films[0])
    assert page.part("reasons").startswith("The answer of the server cannot be read.")


def test_file_that_is_too_large_is_not_sent(visit: Visits, films: list[Path]) -> None:
    page = visit()
    page.page.locator("#welcome").wait_for()

    def small(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=json.dumps({**answer.json(), "largest_bytes": 1000}))

    page.page.route("**/models", small)
    page.page.reload()
    page.page.locator("#welcome").wait_for()
    page.give(films[0])
    assert "has 1 MB. Expected at most 1 MB." in page.part("reasons")
    assert not [url for url in page.asked if "predict" in url]


def test_report_that_fails_says_why(visit: Visits, films: list[Path]) -> None:
    page = visit()
    page.give(films[0])
    page.page.route("**/report*", problem(413, "The films are too large together.", do="Take fewer."))
    page.page.get_by_role("button", name="HTML").click()
    page.page.get_by_text("The films are too large together. Take fewer.").wait_for()
    page.page.unroute("**/report*")
    with page.page.expect_download():
        page.page.get_by_role("button", name="HTML").click()
