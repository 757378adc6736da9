"""hilum.toml: found upwards, read strictly, and a shift that changes no decision."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hilum.errors import HilumError
from hilum.metrics import probability_of
from hilum.site import PrevalenceShift, Site, find_site, read_site, site_settings

PREVALENCES = st.floats(0.001, 0.999)


def _written(folder: Path, text: str, name: str = "hilum.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_settings_of_the_nearest_folder_upwards_hold(tmp_path: Path) -> None:
    _written(tmp_path, "prevalence = 0.5\noperating_point = '0.5'")
    nearer = _written(tmp_path / "ward", "prevalence = 0.05\noperating_point = 'youden'")
    (tmp_path / "ward/films/today").mkdir(parents=True)
    site = site_settings(start=tmp_path / "ward/films/today")
    assert site == Site(0.05, "youden", nearer.resolve())
    assert find_site(tmp_path) == tmp_path.resolve() / "hilum.toml"


def test_working_directory_is_where_the_search_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _written(tmp_path, "prevalence = 0.2")
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    assert site_settings().prevalence == 0.2


def test_without_a_file_the_model_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hilum.site.SITE_FILE", "no-such-settings.toml")
    assert site_settings(start=tmp_path) == Site(None, "", None)


def test_file_or_folder_may_be_named(tmp_path: Path) -> None:
    named = _written(tmp_path, "prevalence = 0.1", "children.toml")
    assert site_settings(named).prevalence == 0.1
    _written(tmp_path / "clinic", "prevalence = 0.3")
    assert site_settings(tmp_path / "clinic").prevalence == 0.3


def test_named_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match=r"Could not read '.*nowhere\.toml': No such file"):
        site_settings(tmp_path / "nowhere.toml")


def test_language_of_reports_is_set_by_its_code(tmp_path: Path) -> None:
    assert read_site(_written(tmp_path, "language = 'fr'")).language == "fr"
    assert read_site(_written(tmp_path, "prevalence = 0.1")).language == ""


def test_empty_file_sets_nothing(tmp_path: Path) -> None:
    path = _written(tmp_path, "# nothing yet\n")
    assert read_site(path) == Site(path=path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prevalence = 5", "has 5 as prevalence. Expected a fraction above 0 and below 1. Write 0.05 for 5 %."),
        ("prevalence = 0", "has 0 as prevalence"),
        ("prevalence = 1.0", "has 1 as prevalence"),
        ("prevalence = -0.1", "has -0.1 as prevalence"),
        ("prevalence = nan", "has nan as prevalence"),
        ("prevalence = inf", "has inf as prevalence"),
        ("prevalence = true", "'prevalence': expected `float | null`, got `bool`"),
        ("prevalence = '5 %'", "'prevalence': expected `float | null`, got `str`"),
        ("operating_point = 0.5", "'operating_point': expected `str`, got `float`"),
        ("language = 'fra'", "has 'fra' as language. Expected one of en, fr. Did you mean 'fr'?"),
        ("language = 1", "'language': expected `str`, got `int`"),
        ("langage = 'fr'", "unknown setting 'langage'. Expected no others than prevalence, operating_point, language"),
        (f"prevalence = {'1' * 5000}", "is not TOML"),
        (f"prevalence = {'1' * 4000}", "'prevalence': number out of range"),
        ("prevalence = " + "[" * 100_000, "is not TOML"),
        ("prevalence = " + "{a=" * 5_000, "is not TOML"),
        ("prevalance = 0.05", "unknown setting 'prevalance'. Expected no others than prevalence, operating_point"),
        ("prevalance = 0.05", "Did you mean 'prevalence'?"),
        ("[predict]\nprevalence = 0.05", "unknown setting 'predict'"),
        ("prevalence 0.05", "is not TOML"),
    ],
)
def test_wrong_setting_is_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(HilumError) as error:
        read_site(_written(tmp_path, text))
    assert told in str(error.value)
    assert "hilum.toml" in str(error.value)


def test_mark_that_windows_editors_put_in_front_is_no_setting(tmp_path: Path) -> None:
    assert read_site(_written(tmp_path, "\ufeffprevalence = 0.05")).prevalence == 0.05


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "hilum.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(HilumError, match="not UTF-8 text"):
        site_settings(start=tmp_path)


def test_odd_file_name_cannot_move_the_cursor(tmp_path: Path) -> None:
    path = _written(tmp_path, '"\\u001b[2J" = 1', os.fsdecode(b"odd\n\xff.toml"))
    with pytest.raises(HilumError) as error:
        read_site(path)
    assert str(error.value).isprintable()


def test_shift_is_the_difference_of_the_log_odds() -> None:
    shift = PrevalenceShift(calibrated_at=0.75, stated=0.05)
    # By hand: odds of 3 become odds of 1/19, a factor of 1/57; even odds become 1/57, a probability of 1/58.
    assert float(shift.probability(0.0)) == pytest.approx(1 / 58)
    assert shift.threshold(0.5) == pytest.approx(1 / 58)


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=30), st.floats(0.01, 0.99), PREVALENCES, PREVALENCES)
def test_shift_changes_no_decision(logits: list[float], threshold: float, calibrated_at: float, stated: float) -> None:
    shift = PrevalenceShift(calibrated_at, stated)
    before = probability_of(logits) - threshold
    after = shift.probability(logits) - shift.threshold(threshold)
    clear = np.abs(before) > 1e-9
    assert np.array_equal(before[clear] > 0, after[clear] > 0)


@given(st.floats(-20, 20), PREVALENCES)
def test_shift_to_the_same_prevalence_leaves_everything(logit: float, prevalence: float) -> None:
    shift = PrevalenceShift(prevalence, prevalence)
    assert float(shift.probability(logit)) == pytest.approx(float(probability_of(logit)))
    assert (shift.threshold(0.0), shift.threshold(1.0)) == (0.0, 1.0)
