"""The report on films: what is said of each, in which group it stands, and a page that needs nothing else."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace as changed

from hilum.errors import HilumError
from hilum.modelfolder import salted_film_hash
from hilum.modelfolder.card import limits
from hilum.provenance import Provenance
from hilum.reports.embedded import script_hash
from hilum.reports.film_report import LANGUAGES, About, ReportedFilm, about, picture_px, report_page, reported
from hilum.reports.film_report_card import card, map_worth, rates, whose_prevalence
from hilum.reports.film_report_list import groups, summary, whose_site
from hilum.reports.film_report_words import Words
from hilum.reports.language import language_of
from hilum.runtime import Answering, Predictor
from hilum.runtime.neighbours import SimilarCase
from markup import well_formed
from picture_files import encoded, random_bytes

MADE = Provenance("hilum predict", "0123456789ab", "0.1.0", "2026-11-22T10:05:00+00:00", {"numpy": "2"})
SIGNS = "Signs of pneumonia found by this model"
NO_SIGN = "No sign of pneumonia found by this model; this does not exclude pneumonia"


@pytest.fixture(scope="module")
def answering(phantom_run: Path) -> Answering:
    return Answering(Predictor.open(phantom_run), "youden")


@pytest.fixture(scope="module")
def model(answering: Answering) -> About:
    return about(answering, MADE)


@pytest.fixture(scope="module")
def film(answering: Answering, model: About, phantom_films: Path) -> ReportedFilm:
    """A film with an answer and a map."""
    path = sorted((phantom_films / "test" / "PNEUMONIA").iterdir())[0]
    return reported(answering.of(path, with_map=True, similar=5), model)


def saying(film: ReportedFilm, **said: object) -> ReportedFilm:
    """The same film with another answer."""
    return replace(film, prediction=replace(film.prediction, **said))  # type: ignore[arg-type]


def refused(film: ReportedFilm, *reasons: str) -> ReportedFilm:
    """The same film where it is no chest film."""
    said = saying(
        film,
        status="not assessed",
        decision="not assessed",
        probability=None,
        logit=None,
        answers=None,
        problem=" ".join(reasons),
        reasons=reasons,
    )
    return replace(said, map_over=None, similar=None)


def text_of(page: str) -> str:
    """What a person reads, each stretch of white space as one space."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).replace("\xa0", " ").replace("\u202f", " ").split())


def test_decision_is_said_in_the_three_agreed_sentences(model: About, film: ReportedFilm) -> None:
    assert SIGNS in text_of(report_page(model, [saying(film, decision="pneumonia")]))
    assert NO_SIGN in text_of(report_page(model, [saying(film, decision="normal")]))
    page = text_of(report_page(model, [refused(film, "It is a coloured picture, and a film is grey.")]))
    assert "Not assessed: It is a coloured picture, and a film is grey." in page
    assert SIGNS not in page and NO_SIGN not in page and "Calibrated probability" not in page


def test_page_shows_film_and_map_and_which_is_chosen_without_a_script(model: About, film: ReportedFilm) -> None:
    page = report_page(model, [film])
    well_formed(page)
    assert page.count("data:image/jpeg;base64,") == 2 and page.count('type="radio"') == 3 and "<script" not in page
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style and f"style-src 'sha256-{script_hash(style[1])}'" in page
    assert not re.search(r' (style|on[a-z]+)="', page) and not re.search(r"(https?:)?//[a-z]", page.split("<body")[1])


def test_without_a_stated_prevalence_no_single_predictive_value_is_shown(model: About, film: ReportedFilm) -> None:
    page = text_of(report_page(model, [film]))
    share = f"{100 * model.manifest.calibration.prevalence:.3g} %"
    assert f"probability as in the training data, where {share} had pneumonia" in page
    rows = [re.search(rf" {share} % [0-9.]+ % [0-9.]+ to [0-9.]+ % ", page) for share in (1, 5, 10, 20)]
    assert all(rows) and "Prior-shifted" not in page


def test_site_has_one_predictive_value_and_a_probability_named_as_shifted(
    answering: Answering, phantom_films: Path
) -> None:
    there = Answering(answering.predictor, "youden", 0.05)
    site = about(there, MADE)
    path = sorted((phantom_films / "test" / "PNEUMONIA").iterdir())[0]
    page = text_of(report_page(site, [reported(there.of(path, with_map=True), site)]))
    assert "Prior-shifted probability, for a site where 5 % of the films show pneumonia:" in page
    assert [one.prevalence for one in site.values] == [0.05] and " 20 % " not in page.split("How often")[1][:300]


def test_predictive_values_are_those_of_the_stored_point(model: About) -> None:
    point = model.point
    for one in model.values:
        right = point.sensitivity * one.prevalence
        assert one.ppv.value == pytest.approx(right / (right + (1 - point.specificity) * (1 - one.prevalence)))
        low, value, high = one.ppv.low, one.ppv.value, one.ppv.high
        assert low is not None and value is not None and high is not None and low < value <= high
    assert all(a.npv.value > b.npv.value for a, b in pairwise(model.values))  # type: ignore[operator]


def test_older_folder_without_intervals_takes_each_patient_for_one_film(answering: Answering) -> None:
    point = changed(
        answering.point, sensitivity_low=None, sensitivity_high=None, specificity_low=None, specificity_high=None
    )
    older = Answering(answering.predictor, "youden")
    older.point = point
    assert about(older, MADE).sensitivity.method == "Wilson, as if each patient had one film"
    bare = replace(older.predictor.folder, manifest=changed(older.predictor.manifest, conformal=None, gate=None))
    older.predictor = Predictor(bare)
    model = about(older, MADE)
    assert model.sensitivity.low is None and model.values[0].ppv.low is None
    page = text_of(report_page(model, [reported(older.of(encoded(random_bytes(90, 90), "PNG")), model)]))
    assert "no interval" in page and "has no gate" in page and "keeps no answer sets" in page


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (("pneumonia",), "Only pneumonia is left open. That differs from the decision"),
        (("normal",), "Only normal is left open. Of new patients"),
        (("pneumonia", "normal"), "The model does not know: it leaves both answers open"),
        ((), "The model does not know: neither answer"),
    ],
)
def test_answers_left_open_are_said_in_words(
    model: About, film: ReportedFilm, answers: tuple[str, ...], told: str
) -> None:
    assert told in text_of(report_page(model, [saying(film, decision="normal", answers=answers)]))


def test_list_has_three_groups_whose_counts_add_up_and_no_word_of_haste(model: About, film: ReportedFilm) -> None:
    given = [
        saying(film, path="low.png", probability=0.2, decision="normal", answers=("normal",)),
        saying(film, path="high.png", probability=0.9, decision="pneumonia", answers=("pneumonia",)),
        saying(film, path="both.png", probability=0.6, answers=("pneumonia", "normal")),
        refused(saying(film, path="knee.png"), "It is tiny: 1 x 1 px, and a film has 32 px a side or more."),
        ReportedFilm(saying(refused(film, "Gone."), path="gone.png").prediction, ""),
    ]
    page = report_page(model, given)
    well_formed(page)
    counts = [int(one) for one in re.findall(r"<dd>(\d+)</dd>", page)[:4]]
    assert counts == [2, 1, 2, 5] and sum(counts[:3]) == counts[3]
    text = text_of(page)
    names = ["knee.png", "gone.png", "both.png", "high.png", "low.png"]
    assert sorted(names, key=text.index) == names
    assert [text.index("Not assessed 2"), text.index("Uncertain 1"), text.index("Assessed 2")] == sorted(
        [text.index("Not assessed 2"), text.index("Uncertain 1"), text.index("Assessed 2")]
    )
    assert not re.search(r"urgen|priorit|triage|worklist", text, re.IGNORECASE)
    found = re.search(r"(\d) show signs of pneumonia to this model and (\d) do not", text)
    assert found and int(found[1]) + int(found[2]) == 3 and "Not assessed: Gone." in text
    links, places = re.findall(r'href="#(film-\d)"', page), re.findall(r'<article class="film" id="(film-\d)"', page)
    assert links == places == [f"film-{n}" for n in range(1, 6)]


def test_films_of_one_name_are_told_apart_by_their_folders(model: About, film: ReportedFilm) -> None:
    rows = [saying(film, path="monday/a.png"), saying(film, path="tuesday/a.png")]
    assert "a.png monday/" in text_of(report_page(model, rows).split("<article")[0])
    assert "monday" not in text_of(report_page(model, [rows[0], rows[0]]).split("<article")[0])


def test_no_films_and_a_thousand_rows_are_a_list_too(model: About, film: ReportedFilm) -> None:
    assert "Report on 0 chest films" in report_page(model, [])
    assert text_of(report_page(model, [refused(film, "No film.")] * 1000)).count("Not assessed: No film.") == 1000


def test_probability_and_threshold_are_told_apart(model: About, film: ReportedFilm) -> None:
    threshold = model.point.threshold
    near = saying(film, probability=threshold - 2e-6, decision="normal")
    page = text_of(report_page(model, [near]))
    shown = re.search(r"Calibrated probability of pneumonia ([0-9.]+) %", page)
    stated = re.search(r"from a calibrated probability of ([0-9.]+) % on", page)
    assert shown and stated and float(shown[1]) < float(stated[1])
    sure = saying(film, probability=1 - 1e-7, decision="pneumonia")
    assert "100.0" not in text_of(report_page(model, [sure])).split("Answers left open")[0].split("Calibrated")[1][:30]


def test_map_is_left_out_where_the_model_has_none(model: About, film: ReportedFilm) -> None:
    page = report_page(replace(model, has_map=False), [replace(film, map_over=None)])
    assert 'type="radio"' not in page and "This model has no map of its own." in text_of(page)


def test_similar_cases_stand_with_label_distance_and_warning(model: About, film: ReportedFilm) -> None:
    thumbnail = encoded(random_bytes(20, 20), "JPEG")
    cases = (
        SimilarCase("pneumonia", 0.4, 1.25, 0.97, "ab", thumbnail),
        SimilarCase("normal", 0.5, 1.5, 0.99, "cd"),
    )
    page = text_of(report_page(model, [replace(film, similar=cases)]))
    assert "pneumonia 1.2 × normal 1.5 ×" in page and "Unlike all training films" in page
    assert report_page(model, [replace(film, similar=cases)]).count("data:image/jpeg") == 3
    near = (replace(cases[0], farther_than=0.5),)
    assert "Unlike all training films" not in text_of(report_page(model, [replace(film, similar=near)]))


def test_findings_name_what_was_learned_of_file_and_film(model: About, film: ReportedFilm) -> None:
    told = "It is unlike the training films: its distance is 1.70, and so on."
    one = replace(saying(film, notes=("Turned upright by EXIF orientation 6.",), warning=told), has_met=True)
    page = text_of(report_page(model, [one]))
    assert "Turned upright by EXIF orientation 6." in page and told in page and "made with this very film" in page
    assert "Nothing unusual was noticed" not in page
    assert f"SHA-256 {film.sha256}" in page and model.model_hash in page and "hilum 0.1.0 (0123456789ab)" in page


def test_film_that_made_the_model_is_known_again_by_its_bytes(answering: Answering, phantom_films: Path) -> None:
    manifest = answering.predictor.manifest
    path = next(
        path
        for path in sorted((phantom_films / "train").rglob("*.*"))
        if salted_film_hash(manifest.training.salt, answering.of(path).sha256) in manifest.training.films
    )
    assert reported(answering.of(path), about(answering, MADE)).has_met


def test_leaky_model_says_so_above_the_answer(model: About, film: ReportedFilm) -> None:
    training = changed(model.manifest.training, is_leaky=True, protocol="random20")
    manifest = changed(model.manifest, training=training)
    leaky, leak = replace(model, manifest=manifest, limits=limits(manifest)), "'random20', which leaks:"
    page = text_of(report_page(leaky, [film]))
    assert page.index(leak) < page.index("Calibrated probability") and "both sides of that split" in page


def test_names_from_outside_cannot_become_markup(model: About, film: ReportedFilm) -> None:
    odd = saying(film, path="ward/<script>alert(1)</script>&{x}%(y)s.png")
    for films in ([odd], [odd, refused(odd, "<b>no</b> {film} %s")]):
        page = report_page(model, films, "fr")
        well_formed(page)
        assert "<script" not in page and "<b>no</b>" not in page and "{x}%(y)s.png" in html.unescape(page)


def test_only_small_pictures_of_a_film_are_kept(answering: Answering, model: About) -> None:
    large = answering.of(encoded(random_bytes(1500, 1200), "PNG"), with_map=True)
    kept = reported(large, model, 200)
    assert kept.size_px == (1200, 1500) and kept.picture and len(kept.picture) < 60_000
    assert not any(isinstance(getattr(kept, name), np.ndarray) for name in kept.__slots__)
    assert [picture_px(films) for films in (0, 1, 24, 25, 240, 241)] == [1000, 1000, 1000, 640, 640, 400]


def test_french_report_is_french_and_marks_what_no_clinician_has_read(model: About, film: ReportedFilm) -> None:
    one = saying(film, decision="normal", warning="A sentence that nobody translated.")
    page = report_page(model, [one, refused(film, "It is a coloured picture, and a film is grey.")], "fr")
    text = text_of(page)
    assert '<html lang="fr">' in page and "Rapport sur 2 clichés thoraciques" in text
    assert "Aucun signe de pneumonie trouvé par ce modèle ; cela n’exclut pas une pneumonie" in text
    assert "Non évalué : C’est une image en couleurs, et un cliché est gris." in text
    assert text.count("traduction non relue par un clinicien") > 10 and "22 novembre 2026" in text
    assert '<span lang="en">A sentence that nobody translated.</span>' in page
    assert not re.search(r"\d\.\d+ %", text) and "not reviewed" not in report_page(model, [one], "en")


MARK = '<small class="unreviewed">traduction non relue par un clinicien</small>'


def marked(page: str, sentence: str) -> bool:
    """True where the sentence stands in the page, and the mark directly after it every time."""
    parts = page.split(html.escape(sentence, quote=False).replace("'", "&#39;"))[1:]
    return bool(parts) and all(part.removeprefix("</span>").lstrip().startswith(MARK) for part in parts)


def test_every_medical_sentence_in_french_has_the_mark_beside_it(
    answering: Answering, model: About, film: ReportedFilm
) -> None:
    site = about(Answering(answering.predictor, "youden", 0.05), MADE)
    training = changed(site.manifest.training, is_leaky=True, protocol="random20")
    manifest = changed(site.manifest, training=training)
    leaky = replace(site, manifest=manifest, limits=limits(manifest))
    first = saying(film, decision="normal", probability=0.9, site_probability=0.3, path="a.png")
    unlike = (
        "It is unlike the training films: its distance is 1.70, and 99 of 100 patients like theirs have films below "
        "1.50. The answer may be wrong more often than the figures of the model say."
    )
    second = saying(film, decision="pneumonia", probability=0.2, answers=(), warning=unlike, path="b.png")
    second = replace(second, has_met=True, similar=(SimilarCase("normal", 0.5, 1.5, 0.99, "cd"),))
    third = refused(film, "It is a coloured picture, and a film is grey.")
    films, words = [first, second, third], Words(leaky, language_of("fr"))
    page = report_page(leaky, films, "fr")
    sentences = [
        *(text[:1].upper() + text[1:] for text in (words.decision(first), words.decision(second))),
        *(words.decision(one) for one in (first, second)),
        *(words.beside_one_half(one) for one in (first, second)),
        *(words.answer_set(one) for one in (first, second)),
        *(words.called_from(one) for one in (first, second)),
        words.as_in_training(),
        words.at_site(first),
        words.likeness(first),
        words.coverage(),
        words.told(unlike).text,
        *(one.text for one in words.reasons(third)),
        rates(words),
        summary(films, words),
        whose_prevalence(words),
        whose_site(words),
        *(group.meaning for group in groups(films, words)),
        *(words.told(limit).text for limit in leaky.limits),
        *(line.text for _, lines in card(words) for line in lines if not line.text.endswith(":")),
        *(one.text for one in map_worth(words)[1:]),
        words.map_in_words(first),
        words.language.say("The model was made with this very film: its answer says nothing of new ones."),
        words.language.say("A map says where this network looks, not where a disease is."),
    ]
    assert [one for one in sentences if not marked(page, one)] == []
    assert "unreviewed" not in report_page(leaky, films, "en").split("</style>")[1]


def test_english_left_in_a_french_page_is_not_marked_as_translated(model: About, film: ReportedFilm) -> None:
    page = report_page(model, [saying(film, warning="Nobody translated this.")], "fr")
    assert '<span lang="en">Nobody translated this.</span>' in page and not marked(page, "Nobody translated this.")


def test_film_within_the_gate_is_not_called_like_the_training_films(model: About, film: ReportedFilm) -> None:
    page = report_page(model, [saying(film, warning="")])
    gate = model.manifest.gate
    assert gate and film.prediction.distance is not None
    assert (
        f"Nothing unusual was noticed (distance {film.prediction.distance:.2f}; a warning from {gate.warn_above:.2f}, "
        f"refused from {gate.refuse_above:.2f}); this does not see age, machine or hospital." in text_of(page)
    )
    assert "like the training films" not in text_of(page) and "good" not in page


@pytest.mark.parametrize(
    ("decision", "probability", "told"),
    [
        ("normal", 0.89, "The probability is above one half, but below the operating point, which decides."),
        ("pneumonia", 0.3, "The probability is below one half, but not below the operating point, which decides."),
        ("normal", 0.3, ""),
        ("pneumonia", 0.89, ""),
        ("normal", 0.5, ""),
    ],
)
def test_decision_on_the_other_side_of_one_half_is_explained_on_page_and_list(
    model: About, film: ReportedFilm, decision: str, probability: float, told: str
) -> None:
    one = saying(film, decision=decision, probability=probability)
    assert (text_of(report_page(model, [one])).count("one half"), bool(told)) in ((1, True), (0, False))
    listed, *pages = report_page(model, [one, one]).split("<article")
    assert all(told in text_of(part) for part in (listed, *pages))
    assert (text_of(listed).count("one half"), bool(told)) in ((2, True), (0, False))


def test_probability_is_never_written_as_certain(model: About, film: ReportedFilm) -> None:
    for probability, told in ((1 - 1e-9, "over 99.9 %"), (1.0, "over 99.9 %"), (1e-9, "under 0.1 %")):
        page = text_of(report_page(model, [saying(film, probability=probability)]))
        assert f"Calibrated probability of pneumonia {told}" in page


def test_cross_fitted_model_promises_no_more_than_it_can(model: About, film: ReportedFilm) -> None:
    plain = text_of(report_page(model, [film]))
    training = changed(model.manifest.training, cross_fitted=5)
    page = text_of(report_page(replace(model, manifest=changed(model.manifest, training=training)), [film]))
    assert "other patients" in plain and "keep pneumonia open" in plain
    assert "other patients" not in page and "the same patients" in page and "5 networks" in page
    assert "only nearly" in page and "only nearly" not in plain


def test_language_that_hilum_does_not_speak_is_refused(model: About) -> None:
    with pytest.raises(HilumError, match="no report in the language 'de'"):
        report_page(model, [], "de")
    assert LANGUAGES == ("en", "fr")


def test_same_films_give_the_same_bytes(model: About, film: ReportedFilm) -> None:
    assert report_page(model, [film, film]) == report_page(model, [film, film])
