from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.evaluation import write_evaluation
from hilum.reports.results import render_results
from stand_ins import reference_evaluation

BESIDE = Path(__file__).parents[2] / "docs" / "results" / "beside"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(BESIDE, tmp_path / "beside")
    write_evaluation(tmp_path / "tuned.json", reference_evaluation())
    leaky = reference_evaluation(protocol="random20", is_leaky=True)
    write_evaluation(tmp_path / "shuffled.json", replace(leaky, contact=replace(leaky.contact, met=312)))
    return tmp_path


def _section(page: str, title: str) -> str:
    return page.split(f"## {title}")[1].split("\n## ")[0]


def test_measured_and_published_figures_stand_apart(directory: Path) -> None:
    official = _section(render_results(directory), "Protocol `official`")
    measured, published = official.split("| published, not measured here |")
    assert "0.986 [0.975, 0.992]" in measured
    assert "0.915 [0.880, 0.941] and 0.940 [0.902, 0.964]" in measured
    assert "624 / 428" in measured
    assert "Kermany" in published
    assert "tuned" not in published


def test_leaky_rows_are_marked(directory: Path) -> None:
    leaky = _section(render_results(directory), "Protocol `random20` (leaky)")
    assert "**leaky: 50.0 % met**" in leaky
    assert "fast.ai ResNet-50" in leaky


def test_looks_start_with_those_of_the_planning(directory: Path) -> None:
    looks = _section(render_results(directory), "Looks at the official test films")
    assert "10 came before hilum counted them, 2 by the evaluations on this page: 12 in all" in looks
    assert "models: 3" in looks


def test_only_looks_at_the_official_films_are_counted_under_whatever_name(directory: Path) -> None:
    evaluation = reference_evaluation()
    copy = replace(evaluation.films, data_name="copy", part="all")
    write_evaluation(directory / "copy.json", replace(evaluation, films=copy))
    phantoms = replace(evaluation.films, data_name="phantom", films_hash="0" * 64)
    write_evaluation(directory / "phantoms.json", replace(evaluation, films=phantoms))
    looks = _section(render_results(directory), "Looks at the official test films")
    assert "13 in all" in looks
    assert "| copy, " in looks
    assert "phantoms" not in looks


def test_other_data_stand_apart_from_the_models_protocol(directory: Path) -> None:
    evaluation = reference_evaluation()
    stranger = replace(
        evaluation,
        films=replace(evaluation.films, data_name="nih", part="all"),
        contact=replace(evaluation.contact, are_patients_compared=False),
    )
    write_evaluation(directory / "abroad.json", stranger)
    page = render_results(directory)
    assert "| abroad | nih all, patients not compared |" in _section(page, "Other data")
    assert "abroad" not in _section(page, "Protocol `official`")


def test_the_head_says_what_these_models_and_films_are(directory: Path) -> None:
    def head(page: str) -> str:
        return page.split("\n## ")[0]

    (directory / "beside" / "film-notes.json").write_text('[{"films_hash": "0", "note": "A copy of 1 px."}]')
    before = head(render_results(directory))
    assert "- The models know only films like those they were made from: children of 1 to 5 years" in before
    assert "1 px" not in before
    evaluation = reference_evaluation()
    phantom = replace(
        evaluation,
        films=replace(evaluation.films, films_hash="0"),
        model=replace(evaluation.model, population="no patients"),
    )
    write_evaluation(directory / "phantom.json", phantom)
    after = head(render_results(directory))
    assert "made from: no patients." in after
    assert "- A copy of 1 px." in after


def test_every_row_says_how_it_was_made(directory: Path) -> None:
    made = _section(render_results(directory), "How each figure was made")
    assert "| tuned | `hilum train mobilenetv2-frozen data` | 6.2 min | 2 CPU cores, fp32 | 0123456789ab |" in made


def test_same_files_give_the_same_bytes(directory: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for path in sorted(directory.glob("*.json"), reverse=True):
        copy.mkdir(exist_ok=True)
        shutil.copy(path, copy)
    shutil.copytree(BESIDE, copy / "beside")
    assert render_results(copy) == render_results(directory)


def test_a_page_without_results_says_so(tmp_path: Path) -> None:
    assert "No model has been judged yet." in render_results(tmp_path)


def test_a_cell_cannot_end_its_table(directory: Path) -> None:
    evaluation = reference_evaluation()
    write_evaluation(directory / "x.json", replace(evaluation, made=replace(evaluation.made, command="a | b")))
    assert "`a \\| b`" in render_results(directory)


def test_what_is_no_result_is_named(directory: Path) -> None:
    (directory / "other.json").write_text(json.dumps({"format": 1}))
    with pytest.raises(HilumError, match=r"other\.json' is not an evaluation"):
        render_results(directory)
    (directory / "other.json").unlink()
    (directory / "beside" / "published.json").write_text('[{"source": "x"}]')
    with pytest.raises(HilumError, match=r"published\.json' has a wrong value.*`protocol`"):
        render_results(directory)
