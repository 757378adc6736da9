"""Who may use a server, tried as somebody who may not."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hilum.web.settings import Access
from hilum.web.tokens import digest
from web_client import TOKEN, client, served

WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}
CLOSED = (
    ("GET", "/api/v1/models"),
    ("POST", "/api/v1/predict"),
    ("POST", "/api/v1/map"),
    ("POST", "/api/v1/report"),
    ("POST", "/api/v1/jobs"),
    ("GET", f"/api/v1/jobs/{'0' * 32}"),
    ("DELETE", f"/api/v1/jobs/{'0' * 32}"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/no/such/address"),
    ("OPTIONS", "/api/v1/predict"),
    ("POST", "/"),
    ("POST", "/healthz"),
    ("PUT", "/static/page.js"),
    ("GET", "/static"),
    ("GET", "//static/page.js"),
)


@pytest.fixture(scope="module")
def local(phantom_run: Path) -> Iterator[TestClient]:
    """A client of a server for this machine alone."""
    with client(served(phantom_run)) as opened:
        yield opened


@pytest.fixture(scope="module")
def guarded(phantom_run: Path) -> Iterator[TestClient]:
    """A client of a server with a token."""
    with client(served(phantom_run), Access(digest(TOKEN), is_local=False)) as opened:
        yield opened


@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_everything_that_could_tell_something_asks_for_the_token(guarded: TestClient, method: str, path: str) -> None:
    answer = guarded.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"] == "urn:hilum:problem:no-token"


@pytest.mark.parametrize("path", ["/", "/healthz", "/static/page.js"])
def test_page_health_and_static_files_are_open(guarded: TestClient, path: str) -> None:
    assert guarded.get(path).status_code == 200


def test_health_gives_no_details(guarded: TestClient) -> None:
    assert guarded.get("/healthz").text == "ok\n"
    assert "model" not in guarded.get("/ready").text.replace("The models are still being opened.", "")


@pytest.mark.parametrize("path", ["/static/../api/v1/models", "/static/%2e%2e/app.py", "/static/..%2fapp.py"])
def test_no_path_leads_out_of_the_open_ones(guarded: TestClient, path: str) -> None:
    assert guarded.get(path).status_code in (401, 404)


def test_right_token_is_let_in(guarded: TestClient) -> None:
    assert guarded.get("/api/v1/models", headers=WITH_TOKEN).status_code == 200


@pytest.mark.parametrize(
    "given",
    [
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        "Bearer",
        "Bearer ",
        f"Basic {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN} {TOKEN}",
    ],
)
def test_wrong_token_is_refused(phantom_run: Path, given: str) -> None:
    with client(served(phantom_run), Access(digest(TOKEN), is_local=False)) as opened:
        answer = opened.get("/api/v1/models", headers={"Authorization": given})
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:hilum:problem:wrong-token")


def test_token_counts_in_no_other_place(guarded: TestClient) -> None:
    assert guarded.get(f"/api/v1/models?token={TOKEN}&access_token={TOKEN}").status_code == 401
    assert guarded.get("/api/v1/models", headers={"Cookie": f"token={TOKEN}"}).status_code == 401
    assert guarded.get("/api/v1/models", headers={"X-Token": TOKEN}).status_code == 401


def test_two_tokens_at_once_are_refused(phantom_run: Path) -> None:
    with client(served(phantom_run), Access(digest(TOKEN), is_local=False)) as opened:
        headers = [("Authorization", "Bearer x"), ("Authorization", f"Bearer {TOKEN}")]
        assert opened.get("/api/v1/models", headers=headers).status_code == 401


def test_after_ten_wrong_tokens_an_address_has_to_wait(phantom_run: Path) -> None:
    with client(served(phantom_run), Access(digest(TOKEN), is_local=False)) as opened:
        wrong = [opened.get("/api/v1/models", headers={"Authorization": f"Bearer {n}"}) for n in range(12)]
        right = opened.get("/api/v1/models", headers=WITH_TOKEN)
    assert [answer.status_code for answer in wrong] == [401] * 10 + [429] * 2
    assert 1 <= int(wrong[-1].headers["retry-after"]) <= 60
    assert right.status_code == 429  # else the answer would tell which guess was right


def test_requests_without_a_token_are_no_attempts(phantom_run: Path) -> None:
    with client(served(phantom_run), Access(digest(TOKEN), is_local=False)) as opened:
        assert {opened.get("/api/v1/models").status_code for _ in range(15)} == {401}
        assert opened.get("/api/v1/models", headers=WITH_TOKEN).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example", "10.1.2.3:8000", ""])
def test_a_name_that_was_made_to_lead_here_is_refused(local: TestClient, host: str) -> None:
    for path in ("/", "/healthz", "/api/v1/models", "/static/page.js"):
        answer = local.get(path, headers={"Host": host})
        assert (answer.status_code, answer.json()["type"]) == (421, "urn:hilum:problem:wrong-host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:9", "[::1]:8000"])
def test_own_names_are_taken(local: TestClient, host: str) -> None:
    assert local.get("/api/v1/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://localhost:8000",
        "http://127.0.0.1:3000",
        "file://",
        "http://127.0.0.1",
        "",
    ],
)
def test_foreign_page_cannot_post(local: TestClient, origin: str) -> None:
    for method, path in (("POST", "/api/v1/predict"), ("DELETE", f"/api/v1/jobs/{'0' * 32}")):
        answer = local.request(method, path, headers={"Origin": origin})
        assert (answer.status_code, answer.json()["detail"]) == (403, "Another page sent this request.")


def test_own_page_and_programs_can_post(local: TestClient) -> None:
    own = {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    assert local.post("/api/v1/predict", headers=own).status_code == 415  # which is the route's own answer
    assert local.post("/api/v1/predict").status_code == 415


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_foreign_page_cannot_even_ask(local: TestClient, site: str) -> None:
    assert local.get("/api/v1/models", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert local.get("/", headers={"Sec-Fetch-Site": site}).status_code == 200  # a link to the page is no harm


def test_there_is_no_cors(local: TestClient) -> None:
    asks = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    answer = local.options("/api/v1/predict", headers=asks)
    assert answer.status_code == 403
    for headers in (answer.headers, local.get("/api/v1/models", headers={"Origin": "http://x.example"}).headers):
        assert not [name for name in headers if name.startswith("access-control")]


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
def test_a_proxy_cannot_open_a_server_without_token_by_accident(local: TestClient, name: str) -> None:
    answer = local.get("/api/v1/models", headers={name: "192.0.2.7"})
    assert answer.status_code == 403
    assert "proxy" in answer.json()["detail"]


def _behind(phantom_run: Path, peer: str) -> TestClient:
    from hilum.web.app import make_app
    from hilum.web.settings import Settings

    access = Access(digest(TOKEN), is_local=False, proxies=(ip_network("10.0.0.0/24"),))
    return TestClient(make_app(Settings(served(phantom_run), access)), client=(peer, 1234))


def test_nobody_goes_past_the_proxy(phantom_run: Path) -> None:
    passer = _behind(phantom_run, "192.0.2.7")
    for path in ("/", "/api/v1/models"):
        forged = WITH_TOKEN | {"X-Forwarded-For": "10.0.0.7", "X-Forwarded-Proto": "https"}
        assert passer.get(path, headers=forged).status_code == 403
    assert passer.get("/healthz").status_code == 200


def test_what_came_to_the_proxy_in_clear_is_refused(phantom_run: Path) -> None:
    through = _behind(phantom_run, "10.0.0.7")
    assert through.get("/api/v1/models", headers=WITH_TOKEN | {"X-Forwarded-Proto": "https"}).status_code == 200
    for proto in ("http", "https, http"):
        assert through.get("/api/v1/models", headers=WITH_TOKEN | {"X-Forwarded-Proto": proto}).status_code == 403


def test_wrong_tokens_count_to_who_sent_them_through_the_proxy(phantom_run: Path) -> None:
    through = _behind(phantom_run, "10.0.0.7")

    def ask(forwarded: str, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": forwarded}
        return through.get("/api/v1/models", headers=headers).status_code

    # What stands before the last address was written by the sender, who changes it each time.
    assert [ask(f"203.0.113.{n}, 192.0.2.7", "guess") for n in range(11)] == [401] * 10 + [429]
    assert ask("192.0.2.7", TOKEN) == 429
    assert ask("192.0.2.8", TOKEN) == 200


def test_insecure_server_takes_addresses_but_no_foreign_name(phantom_run: Path) -> None:
    access = Access(is_local=False, hosts=frozenset({"ward-pc"}), warning="Started with --insecure.")
    with client(served(phantom_run), access) as opened:
        for host, status in (("10.1.2.3:8000", 200), ("ward-pc:8000", 200), ("evil.example", 421)):
            assert opened.get("/api/v1/models", headers={"Host": host}).status_code == status
        assert opened.get("/api/v1/models").json()["warning"] == "Started with --insecure."
        assert "Started with --insecure." in opened.get("/").text


@pytest.mark.parametrize("forwarded", [None, "unknown", "192.0.2.7:", ""])
def test_guesses_of_nobody_known_do_not_lock_everybody_out(phantom_run: Path, forwarded: str | None) -> None:
    through = _behind(phantom_run, "10.0.0.7")
    more = {} if forwarded is None else {"X-Forwarded-For": forwarded}

    def ask(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"} | more
        return through.get("/api/v1/models", headers=headers).status_code

    assert [ask("guess") for _ in range(11)] == [401] * 10 + [429]
    assert ask(TOKEN) == 200


def test_addresses_with_ports_are_told_apart(phantom_run: Path) -> None:
    through = _behind(phantom_run, "10.0.0.7")

    def ask(forwarded: str, token: str) -> int:
        headers = {"Authorization": f"Bearer {token}", "X-Forwarded-For": forwarded}
        return through.get("/api/v1/models", headers=headers).status_code

    assert [ask(f"192.0.2.7:{5000 + n}", "guess") for n in range(11)] == [401] * 10 + [429]
    assert (ask("192.0.2.7:9", TOKEN), ask("192.0.2.8:9", TOKEN)) == (429, 200)
