"""The page and the table of an explanation, from made-up answers."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

from markupsafe import Markup
from PIL import Image
from rich.console import Console

from hilum.json_files import as_json
from hilum.provenance import Provenance
from hilum.reports.explanation import Pictures, explanation_page, explanation_table, headline
from hilum.reports.explanation_record import (
    Explanation,
    ShownAnswer,
    ShownFilm,
    Trust,
    UsedMethod,
    UsedModel,
)
from hilum.runtime import Prediction
from hilum.runtime.neighbours import SimilarCase

MADE = Provenance("hilum explain ward", "abc", "0.1.0", "2025-01-02T03:04:05+00:00", {"numpy": "2"})
METHOD = UsedMethod(
    "map", "Activation map, last feature maps", "last feature maps", "Weights.", 5.5, Trust("passes", "p")
)
MODEL = UsedModel("best", "f" * 64, False, 0.75, "youden", 0.5, (METHOD,), ("It assists a reader.",))
PICTURE = Markup("data:image/jpeg;base64,")


def film(path: str, label: str, said: Prediction, **more: object) -> ShownFilm:
    """A film with one answer."""
    is_wrong = None if said.problem or not label else said.decision != label
    files = () if said.problem else (f"{path}-map.png",)
    answer = ShownAnswer("best", said, is_wrong, files, tuple("" for _ in files), "", None)
    return ShownFilm(path, label, (replace(answer, **more),))  # type: ignore[arg-type]


def explained(*films: ShownFilm, model: UsedModel = MODEL) -> Explanation:
    return Explanation((model,), films, MADE)


def page_of(explanation: Explanation) -> str:
    pictures = Pictures(dict.fromkeys(range(9), PICTURE), dict.fromkeys(explanation.files, PICTURE))
    return explanation_page(explanation, pictures)


RIGHT = Prediction("a", "answered", 0.1, -2.0, "normal", ("normal",))
WRONG = Prediction("b", "answered", 0.9, 2.0, "pneumonia", ("pneumonia", "normal"), "It is unlike them.")
REFUSED = Prediction("c", "not assessed", problem="'c': <It> is blank.", reasons=("It is blank.",))


def test_page_groups_films_by_what_became_of_them() -> None:
    page = page_of(explained(film("b", "normal", WRONG), film("a", "normal", RIGHT), film("c", "", REFUSED)))
    wrong, films, without = (page.index(f"<h2>{name}") for name in ("Called wrong", "Films", "Without an answer"))
    assert wrong < films < without
    assert "answers left open: both: I do not know" in page and "It is unlike them." in page
    assert "&lt;It&gt; is blank" in page and "<It>" not in page
    assert "Called wrong" not in page_of(explained(film("a", "normal", RIGHT)))


def test_similar_cases_are_shown_with_thumbnails_only_where_there_are_some() -> None:
    content = io.BytesIO()
    Image.new("L", (8, 8)).save(content, "JPEG")
    cases = (
        SimilarCase("pneumonia", 0.3, 0.8, 0.2, "0" * 32, content.getvalue()),
        SimilarCase("normal", 0.4, 1.1, 0.6, "1" * 32),
    )
    explanation = explained(film("a", "", RIGHT, similar=cases))
    page = page_of(explanation)
    assert page.count('alt="Training film labelled') == 1
    for shown in (
        "<span>pneumonia</span><span>0.30</span><span>0.8&times;</span><span>farther than 20 %",
        "1.1&times;",
    ):
        assert shown in page
    assert "1 film of patients, and 1 film of training patients in small" in page and "Unlike all" not in page
    far = explained(film("a", "", RIGHT, similar=(replace(cases[1], farther_than=0.97),)))
    assert "Unlike all training films" in page_of(far) and "training patients" not in page_of(far)
    said = json.loads(as_json(explanation.as_json()))
    assert [case["thumbnail"] for case in said["films"][0]["answers"][0]["similar"]] == [None, None]


def test_leaky_model_says_so_beside_every_answer() -> None:
    assert "best (leaky)" in page_of(explained(film("a", "", RIGHT), model=replace(MODEL, is_leaky=True)))


def test_explanation_without_maps_says_nothing_of_colours() -> None:
    bare = replace(MODEL, methods=())
    shown = film("a", "", RIGHT, files=(), notes=(), atlas="a-activations/atlas.html")
    page = page_of(explained(shown, model=bare))
    assert 'href="a-activations/atlas.html"' in page and "for pneumonia</span>" not in page


def test_headline_counts_what_is_known() -> None:
    right, wrong, refused = film("a", "normal", RIGHT), film("b", "normal", WRONG), film("c", "normal", REFUSED)
    assert headline(explained(right)) == "1 film whose folder names the class is called right."
    assert headline(explained(wrong, right)) == (
        "1 of 2 films whose folder names the class is called wrong; it comes first."
    )
    assert headline(explained(film("a", "", RIGHT), refused)) == (
        "1 film; no folder names a class, so that errors are not known. 1 film has no answer."
    )


def test_table_tells_wrong_and_unknown_answers_in_words() -> None:
    console = Console(width=80, no_color=True, highlight=False)
    with console.capture() as capture:
        shown = explained(film("ward/" + "long-name" * 8, "normal", WRONG), film("c", "", REFUSED))
        console.print(explanation_table(shown, Path("out/index.html")))
    text = capture.get()
    assert max(map(len, text.splitlines())) <= 80
    said = " ".join(text.split())
    assert "0.9000 pneumonia ?, wrong" in said and "not assessed" in said and "is blank" in said
    assert "?: the model does not know" in said


def test_table_names_the_nearest_training_film_in_a_line() -> None:
    cases = (SimilarCase("pneumonia", 0.314, 0.8, 0.2, "0" * 32), SimilarCase("normal", 0.4, 1.1, 0.6, "1" * 32))
    console = Console(width=80, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(explanation_table(explained(film("a", "", RIGHT, similar=cases)), Path("out/index.html")))
    said = " ".join(capture.get().split())
    assert "Nearest to 'a', best: pneumonia at 0.31 (0.8 times the usual, farther than 20%); 1 of 2 are" in said


def test_films_that_a_model_was_made_with_are_told_and_probabilities_have_their_prevalence() -> None:
    met = film("a", "normal", RIGHT, has_met=True)
    assert "A model was made with 1 film of these" in headline(explained(met))
    page = page_of(explained(met))
    assert "made with this film" in page and "Probabilities are as where 75% of the films show pneumonia." in page
