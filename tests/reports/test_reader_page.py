from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from rich.console import Console

from hilum.evaluation.reading import choose_films, codes_of, judge_reading
from hilum.evaluation.runs import read_run
from hilum.reports.reader import ShownFilm, reader_page, reading_table
from judged_runs import write_run
from stand_ins import reference_predictions

SHOWN = [ShownFilm("0123456789abcdef", b"first"), ShownFilm("fedcba9876543210", b"second")]


def test_the_script_alone_may_run() -> None:
    page = reader_page("kermany", "test", SHOWN, {})
    [script] = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page
    assert "default-src 'none'" in page
    assert not re.search(r"https?:", page)


def test_page_holds_the_films_and_nothing_that_tells_the_answer() -> None:
    page = reader_page("kermany", "test", SHOWN, {})
    for film in SHOWN:
        assert f'data-film="{film.code}"' in page
        assert base64.b64encode(film.png).decode() in page
    assert not re.search(r"person\d|IM-\d|NORMAL/", page)


def test_answers_given_already_are_known_to_the_page() -> None:
    assert '"answers": {"0123456789abcdef": "normal"}' in reader_page("a", "b", SHOWN, {"0123456789abcdef": "normal"})


def test_names_from_outside_cannot_become_markup() -> None:
    assert "<b>x" not in reader_page("<b>x", "test", SHOWN, {})


def test_person_and_model_stand_beside_each_other_in_eighty_columns(tmp_path: Path) -> None:
    game = choose_films(reference_predictions().films, "test", 40, 0)
    answers = dict.fromkeys(codes_of(game), "pneumonia")
    run = read_run(write_run(tmp_path / "one", reference_predictions(), "one"))
    console = Console(width=80, color_system=None)
    with console.capture() as capture:
        console.print(reading_table(judge_reading(game, "test", answers, run, "0.5")))
    shown = capture.get()
    assert max(map(len, shown.splitlines())) <= 80
    assert re.search(r"you +1\.000 \[0\.\d+, 1\.000\] +0\.000", shown)
    assert re.search(r"one +0\.\d+", shown)
    assert "Sensitivity: not distinguishable on these 20 patients" in shown
    assert "Specificity: the model is better (p < 0.001" in shown


def test_a_figure_that_is_not_defined_is_no_method() -> None:
    game = choose_films(reference_predictions().films, "test", 40, 0)
    answers = {code: "normal" for code, film in zip(codes_of(game), game.films, strict=True) if film.label == "normal"}
    console = Console(width=80, color_system=None)
    with console.capture() as capture:
        console.print(reading_table(judge_reading(game, "test", answers)))
    assert "95 % intervals: Clopper-Pearson" in capture.get()
