from __future__ import annotations

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
    assert "0.915 [0.882, 0.942]   0.940 [0.908, 0.970]" in text
    assert "not a medical device" in text
    assert "report/index.html" in text


def test_a_leak_is_said_in_words() -> None:
    console = Console(width=80)
    with console.capture() as capture:
        console.print(evaluation_table(reference_evaluation(protocol="random20", is_leaky=True), Path("x")))
    assert "LEAKY" in capture.get()
