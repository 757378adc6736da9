from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from rich.console import Console

from hilum.reports.terminal import evaluation_table
from stand_ins import reference_evaluation


def test_figures_and_intervals_fit_80_columns() -> None:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(evaluation_table(reference_evaluation(), Path("report/index.html")))
    text = capture.get()
    assert max(map(len, text.splitlines())) <= 80
    assert "0.915 [0.880, 0.941]   0.940 [0.902, 0.964]" in text
    assert "not a medical device" in text
    assert "report/index.html" in text


def test_a_leak_is_said_in_words() -> None:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(evaluation_table(reference_evaluation(protocol="random20", is_leaky=True), Path("x")))
    assert "LEAKY" in capture.get()


def test_patients_who_could_not_be_compared_are_owned_up_to() -> None:
    evaluation = reference_evaluation()
    elsewhere = replace(
        evaluation,
        films=replace(evaluation.films, data_name="nih"),
        contact=replace(evaluation.contact, are_patients_compared=False),
    )
    console = Console(width=80)
    with console.capture() as capture:
        console.print(evaluation_table(elsewhere, Path("x")))
    text = " ".join(capture.get().split())
    assert "Other data: 'nih'; the model was made from 'kermany'." in text
    assert "patients could not be compared: the data go by another name" in text
    assert "none of these patients" not in text
    assert "official" not in text
