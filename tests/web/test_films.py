"""Predict, map and report: the same answers as the command, and every bad request in words."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from starlette.testclient import TestClient

from hilum.verbs.predict import predict
from web_client import client, parts, served


@pytest.fixture(scope="module")
def rest(phantom_run: Path) -> Iterator[TestClient]:
    """A client of a server of the phantom model."""
    with client(served(phantom_run), most_films=4) as opened:
        yield opened


def _holiday() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (256, 256), (250, 20, 40)).save(content, "PNG")
    return content.getvalue()


def test_rest_and_command_line_say_the_same(
    rest: TestClient, phantom_run: Path, films: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(films[0].parent)
    by_command = predict([Path(film.name) for film in films], model=phantom_run).as_json()
    by_rest = rest.post("/api/v1/predict", files=parts(*films)).json()
    assert all(len(row.pop("sha256")) == 64 for row in by_rest["predictions"])
    assert by_rest == json.loads(json.dumps(by_command))


def test_a_body_that_is_the_film_gets_the_same_answer(rest: TestClient, films: list[Path]) -> None:
    content = films[0].read_bytes()
    raw = rest.post("/api/v1/predict", content=content, headers={"Content-Type": "image/jpeg"}).json()
    form = rest.post("/api/v1/predict", files=parts(("film", content))).json()
    assert raw == form


def test_what_is_no_film_is_a_row_and_stops_no_other(rest: TestClient, films: list[Path]) -> None:
    answer = rest.post("/api/v1/predict", files=parts(("a.jpeg", b"no film"), ("b.png", _holiday()), films[0]))
    assert answer.status_code == 200
    rows = answer.json()["predictions"]
    assert [row["status"] for row in rows] == ["unreadable", "not assessed", "answered"]
    assert "a.jpeg" in rows[0]["problem"]
    assert rows[1]["reasons"]


def test_pictures_hold_the_film_and_the_evidence_without_it(rest: TestClient, films: list[Path]) -> None:
    row = rest.post("/api/v1/predict?pictures=true", files=parts(films[0])).json()["predictions"][0]
    film, evidence = (_picture(row["pictures"][name]) for name in ("film", "map"))
    assert film.size == evidence.size
    rgba = evidence.convert("RGBA")
    colours = {colour for _, colour in rgba.convert("RGB").getcolors(2**24) or []}
    assert colours <= {(230, 97, 1), (64, 132, 214)}
    assert rgba.getchannel("A").getextrema()[1] == 255


def test_refused_film_is_shown_without_a_map(rest: TestClient) -> None:
    rows = rest.post("/api/v1/predict?pictures=true", files=parts(("b.png", _holiday()), ("x", b"no")))
    refused, unreadable = rows.json()["predictions"]
    assert refused["pictures"]["map"] is None and refused["pictures"]["film"]
    assert unreadable["pictures"] is None


def _picture(address: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def test_operating_point_and_prevalence_come_with_the_request(rest: TestClient, films: list[Path]) -> None:
    said = rest.post("/api/v1/predict?operating_point=youden&prevalence=0.05", files=parts(films[0])).json()
    assert (said["operating_point"], said["site_prevalence"]) == ("youden", 0.05)
    assert said["predictions"][0]["site_probability"] is not None
    plain = rest.post("/api/v1/predict", files=parts(films[0])).json()
    assert plain["site_prevalence"] is None  # and it stays with that request


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("model=nobody", "nobody"),
        ("operating_point=best", "best"),
        ("prevalence=0", "prevalence"),
        ("prevalence=1", "prevalence"),
        ("prevalence=nan", "prevalence"),
        ("prevalence=x", "prevalence"),
        ("pictures=perhaps", "pictures"),
    ],
)
def test_wrong_settings_are_named(rest: TestClient, films: list[Path], query: str, word: str) -> None:
    answer = rest.post(f"/api/v1/predict?{query}", files=parts(films[0]))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert word in answer.json()["detail"]


def test_map_is_a_picture_of_the_film_with_its_evidence(rest: TestClient, films: list[Path]) -> None:
    answer = rest.post("/api/v1/map", files=parts(films[0]))
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).width > Image.open(films[0]).width


def test_map_of_no_film_or_of_many_is_refused(rest: TestClient, films: list[Path]) -> None:
    for given in (parts(("a.png", _holiday())), parts(("a", b"x")), parts(films[0], films[1])):
        answer = rest.post("/api/v1/map", files=given)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_report_is_one_document_to_save(rest: TestClient, films: list[Path]) -> None:
    answer = rest.post("/api/v1/report?language=fr", files=parts(*films[:2], ("<b>x</b>.png", b"no")))
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="hilum-report.html"'
    assert 'lang="fr"' in answer.text
    assert films[0].name in answer.text and "<b>x</b>" not in answer.text
    assert 'src="http' not in answer.text


@pytest.mark.slow
def test_report_as_pdf(rest: TestClient, films: list[Path]) -> None:
    if not rest.get("/api/v1/models").json()["has_pdf"]:
        pytest.skip("WeasyPrint is not installed here")
    answer = rest.post("/api/v1/report?format=pdf", files=parts(films[0]))
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")


def test_report_in_a_language_that_hilum_does_not_speak(rest: TestClient, films: list[Path]) -> None:
    assert rest.post("/api/v1/report?language=xx", files=parts(films[0])).status_code == 422


def test_names_reach_neither_log_nor_metrics(
    rest: TestClient, films: list[Path], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    rest.post("/api/v1/predict", files=parts(("MILLER_ANNA_1950.jpeg", films[0].read_bytes()), ("DOE.png", b"x")))
    rest.get("/api/v1/jobs/MILLER?name=ANNA")
    metrics = rest.get("/metrics").text
    seen = metrics + caplog.text + "".join(capfd.readouterr())
    assert not [name for name in ("MILLER", "ANNA", "DOE") if name in seen]
    assert 'hilum_films_total{status="unreadable"}' in metrics


def test_server_tells_its_models_and_limits(rest: TestClient) -> None:
    told = rest.get("/api/v1/models").json()
    assert told["most_films"] == 4
    assert told["models"][0]["operating_point"] in [point["name"] for point in told["models"][0]["operating_points"]]
    assert told["models"][0]["limits"]


def test_map_of_a_huge_film_is_drawn_smaller(rest: TestClient, films: list[Path]) -> None:
    content = io.BytesIO()
    Image.open(films[0]).convert("L").resize((4000, 3000)).save(content, "JPEG")
    answer = rest.post("/api/v1/map", files=parts(("a.jpeg", content.getvalue())))
    if answer.status_code == 200:  # else the small phantom model takes it for no film
        assert Image.open(io.BytesIO(answer.content)).height < 2000
    else:
        assert answer.status_code == 422


def test_no_place_for_a_report_is_said_before_its_films_are_read(phantom_run: Path, films: list[Path]) -> None:
    with client(served(phantom_run), reports=0) as opened:
        answer = opened.post("/api/v1/report", files=parts(films[0]))
        assert (answer.status_code, int(answer.headers["retry-after"])) == (503, 1)
        assert opened.post("/api/v1/predict", files=parts(films[0])).status_code == 200
        told = opened.get("/metrics").text
    assert 'hilum_films_total{status="answered"} 1.0' in told


@pytest.mark.parametrize(
    ("prevalence", "status"), [("1e-300", 422), ("0.9999999999", 422), ("1e-6", 200), ("0.99", 200)]
)
def test_every_route_takes_the_same_prevalences(
    rest: TestClient, films: list[Path], prevalence: str, status: int
) -> None:
    for route in ("predict", "map", "report"):
        answer = rest.post(f"/api/v1/{route}?prevalence={prevalence}", files=parts(films[0]))
        assert (route, answer.status_code) == (route, status)
