"""Calibration, patients and the fall elsewhere on the results page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hilum.evaluation import with_fall, write_evaluation
from hilum.reports.results import render_results
from hilum.reports.results_beyond import (
    calibration_section,
    comparison_section,
    external_section,
    patients_section,
)
from hilum.reports.results_looks import Result
from stand_ins import reference_evaluation

ONE = reference_evaluation()
OF_FORMAT_1 = replace(ONE, probabilities=None, usefulness=None, per_patient=None)


def test_every_kind_of_probability_is_a_line_beside_a_perfect_model() -> None:
    section = calibration_section([Result("fine", ONE)])
    assert [line.split(" | ")[1] for line in section.splitlines() if line.startswith("| ")][2:] == [
        "raw",
        "calibrated",
        "calibrated and moved",
    ]
    assert "0.029 (0.018 to 0.041)" in section


def test_patients_risks_and_benefit_are_a_line() -> None:
    section = patients_section([Result("fine", ONE)])
    assert "| fine | 0.983 [" in section and "7.5 %, 3.6 %, 2.6 %" in section


def test_fall_is_shown_for_external_films_only() -> None:
    elsewhere = replace(ONE, films=replace(ONE.films, data_name="nih"))
    assert "| fine | nih, 624 films of 428 patients | 0.000 [" in external_section(
        [Result("fine", with_fall(elsewhere, ONE))]
    )
    assert external_section([Result("fine", ONE)]) == ""


def test_evaluations_of_an_older_format_leave_the_sections_out() -> None:
    results = [Result("old", OF_FORMAT_1)]
    assert calibration_section(results) == patients_section(results) == external_section(results) == ""


def test_model_named_beforehand_comes_first(tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    write_evaluation(tmp_path / "fine.json", ONE)
    named = tmp_path / "beside" / "confirmatory.json"
    named.write_text('[{"name": "fine", "words": "said in the plan"}, {"name": "not judged yet", "words": ""}]')
    page = render_results(tmp_path)
    assert "**fine**, said in the plan: sensitivity and specificity at the stored operating point" in page
    assert page.index("The model named beforehand") < page.index("## Protocol") and "not judged yet" not in page
    named.unlink()
    assert "The model named beforehand" not in render_results(tmp_path)


def test_no_comparison_no_section(tmp_path: Path) -> None:
    assert comparison_section(tmp_path / "comparison.json") == ""


def test_planned_comparison_is_told_in_words() -> None:
    section = comparison_section(Path(__file__).parents[2] / "docs" / "results" / "beside" / "comparison.json")
    assert "best is better than mobilenetv2-frozen in specificity" in section and "would be needed" in section
