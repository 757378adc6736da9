"""What the page says beside an answer: numbers, predictive values, doubts; in the words of the report."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload

from hilum.reports.film_report_words import UNLIKE_FROM
from hilum.reports.language import language_of
from hilum.runtime import Answering, Predictor
from hilum.runtime.predictive import predictive_values_of
from served_page import Visit

pytestmark = pytest.mark.slow
Visits = Callable[..., Visit]
ENGLISH = language_of("en")
SHARES = [1.0, 1 - 1e-7, 0.99996, 0.9996, 0.9995, 0.99949, 0.9991, 0.9153, 0.899, 0.5, 0.1225, 0.0625, 0.0012]
SHARES += [0.0009, 0.0006, 0.0005, 0.0004, 1e-6, 0.0]
PREVALENCES = [1e-7, 0.0000125, 0.0004, 0.00099951, 0.0125, 0.05, 0.09996, 0.1, 0.1225, 0.25, 0.5, 0.74312, 0.746]
PREVALENCES += [0.95, 0.9875, 0.99, 0.9996]


def told(page: Visit, call: str, values: list[float]) -> list[str]:
    """What a function of the page's numbers says of each value."""
    return told_of_two(page, call, [[value] for value in values])


def told_of_two(page: Visit, call: str, given: list[list[float]]) -> list[str]:
    """What it says of each of the arguments given."""
    asked = """async ([call, given]) => {
      const numbers = await import("/static/numbers.js");
      return given.map((one) => numbers[call](...one));
    }"""
    return list(page.page.evaluate(asked, [call, given]))


def altered(page: Visit, film: Path, row: dict[str, Any], answer: dict[str, Any] | None = None) -> None:
    """Give the page that film, its server's answer changed."""
    payload: FilePayload = {"name": film.name, "mimeType": "image/jpeg", "buffer": film.read_bytes()}
    asked = f"{page.address}/api/v1/predict?pictures=true"
    said = page.page.request.post(asked, multipart={"film": payload}, headers={"Origin": page.address}).json()
    said |= answer or {}
    said["predictions"][0] |= row
    page.page.route("**/predict*", lambda route: route.fulfill(json=said))
    page.give(film)


def with_model(page: Visit, **changed: Any) -> None:
    """Let the server say something else of its models, and load the page again."""
    said = page.page.request.get(f"{page.address}/api/v1/models").json()
    for model in said["models"]:
        model |= changed
    page.page.route("**/models", lambda route: route.fulfill(json=said))
    page.page.reload()


def test_numbers_are_those_of_the_report(visit: Visits) -> None:
    page = visit()
    assert told(page, "percent", SHARES) == [ENGLISH.percent(share) for share in SHARES]
    assert told(page, "prevalence", PREVALENCES) == [ENGLISH.prevalence(share) for share in PREVALENCES]
    pairs = [list(pair) for pair in pairwise(SHARES)]
    assert told_of_two(page, "range", pairs) == [ENGLISH.percent_range(*pair) for pair in pairs]


def test_probability_is_never_certain_and_stays_apart_from_the_threshold(visit: Visits) -> None:
    pairs = [[0.99996, 0.9], [1.0, 0.9], [0.00001, 0.9], [0.63571, 0.63573], [0.5, 0.9], [0.9992, 0.99]]
    said = [words.replace("\u00a0", " ") for words in told_of_two(visit(), "apart", pairs)]
    assert said == ["over 99.9 %", "over 99.9 %", "under 0.1 %", "63.571 %", "50.0 %", "over 99.9 %"]


def test_answer_says_how_often_such_a_call_is_right(visit: Visits, films: list[Path], phantom_run: Path) -> None:
    page = visit()
    page.give(films[0])
    rows = page.page.locator('#readings [data-part="value-rows"] tr').all_inner_texts()
    expected = predictive_values_of(Answering(Predictor.open(phantom_run), "sensitivity>=0.95"))
    assert len(rows) == len(expected) == 4
    for row, values in zip(rows, expected, strict=True):
        assert row.startswith(ENGLISH.prevalence(values.prevalence))
        for one in (values.ppv, values.npv):
            assert ("not defined" if one.value is None else ENGLISH.percent(one.value)) in row
            assert one.low is None or one.high is None or ENGLISH.percent_range(one.low, one.high) in row
    assert any(values.ppv.low is not None for values in expected)
    assert "How often such a call is right" in page.part("values")
    assert "is not stated, so no single value holds" in page.part("value-words")


def test_predictive_values_at_the_prevalence_of_the_site_or_not_defined(visit: Visits, films: list[Path]) -> None:
    page = visit()
    ends = {f"{name}_{end}": None for name in ("ppv", "npv") for end in ("low", "high")}
    row = {"prevalence": 0.0004, "ppv": None, "npv": 0.9999, **ends}
    with_model(page, predictive_values=[row], site_prevalence=0.0004)
    page.give(films[0])
    told = page.part("values")
    assert "not defined" in told and "99.99 %" in told and "Intervals" not in told
    assert "As stated for this site, 0.04 % of its films show pneumonia." in told


def test_refused_film_has_no_predictive_values(visit: Visits, colourful: Path) -> None:
    page = visit()
    page.give(colourful)
    assert not page.part("values")


@pytest.mark.parametrize(
    ("probability", "threshold", "expected"),
    [
        (0.89, 0.899, "The probability is above one half, but below the operating point, which decides."),
        (0.3, 0.2, "The probability is below one half, but not below the operating point, which decides."),
        (0.3, 0.4, ""),
        (0.6, 0.6, ""),
    ],
)
def test_decision_on_the_other_side_of_one_half_is_explained(
    visit: Visits, films: list[Path], probability: float, threshold: float, expected: str
) -> None:
    page = visit()
    decision = "pneumonia" if probability >= threshold else "normal"
    altered(page, films[0], {"probability": probability, "decision": decision}, {"threshold": threshold})
    assert page.part("beside-half") == expected


def test_similar_cases_say_where_all_are_far(visit: Visits, films: list[Path]) -> None:
    case = {"label": "normal", "distance": 0.2, "times_usual": 1.26, "farther_than": UNLIKE_FROM, "thumbnail": None}
    page = visit()
    altered(page, films[0], {"similar": [case, {**case, "label": "pneumonia"}]})
    assert page.page.locator(".similar li").all_inner_texts()[0].split("\n") == ["normal", "1.3 × the usual distance"]
    assert page.part("unlike").startswith("Unlike all training films: even the nearest is farther")
    assert page.violations() == []
    near = visit()
    altered(near, films[0], {"similar": [{**case, "farther_than": UNLIKE_FROM - 0.01}, case]})
    assert near.page.locator(".similar li").count() == 2 and not near.part("unlike")


def test_cross_fitted_model_promises_nearly(visit: Visits, films: list[Path]) -> None:
    page = visit()
    with_model(page, cross_fitted=5)
    page.give(films[0])
    page.page.get_by_text("About this model").click()
    facts = page.part("facts")
    assert "about 95 % of films with pneumonia" in facts and "this is proven only nearly" in facts
    assert "on the patients it learned from, by 5 networks that had each not seen those they were asked about" in facts
    plain = visit()
    plain.give(films[0])
    plain.page.get_by_text("About this model").click()
    assert "nearly" not in plain.part("facts") and "on the patients that set the threshold" in plain.part("facts")
