"""The reproduction for people: page, table and results tell the same."""

from __future__ import annotations

import re
import shutil
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from hilum.metrics import Estimate
from hilum.reports.reproduction import reproduction_page, reproduction_table
from hilum.reports.results import render_results
from hilum.reproduction.plan import Row, all_rows
from hilum.reproduction.publish import publish
from hilum.reproduction.record import Example, PartFigures, RowResult
from hilum.reproduction.row import no_weights
from reproduced import result_of

BESIDE = Path(__file__).parents[2] / "docs" / "results" / "beside"
ERRORS = (0.030, 0.034, 0.032, 0.038, 0.036)


@pytest.fixture
def results() -> list[RowResult]:
    """Five leaky seeds, four and a running one by patient, the frozen row with its parts, one without weights."""
    estimate = Estimate(0.02, 0.01, 0.03, "set")
    parts = (PartFigures("fit", 4170, estimate, estimate), PartFigures("select", 521, estimate, estimate))
    film = Example("test/NORMAL/IM-0001-0001.jpeg", "normal", 0.2134)
    return [
        result_of(Row("best"), 0.06),
        result_of(Row("vgg19-frozen-mobilenetv2"), 0.2, parts=parts, examples=(film,)),
        *(result_of(Row("best", "random20", seed), error) for seed, error in enumerate(ERRORS)),
        *(result_of(Row("best", "grouped20", seed), error) for seed, error in enumerate(ERRORS[:4])),
        result_of(Row("best", "grouped20", 4), state="running", epoch=3),
        result_of(Row("vgg19-frozen"), state="no weights", says=no_weights("vgg19-frozen")),
        result_of(Row("cnn-scratch"), state="failed", says="The loss is no longer a number."),
    ]


def words_of(text: str) -> str:
    return " ".join(text.split())


def table(results: list[RowResult], width: int = 80) -> str:
    text = StringIO()
    Console(file=text, width=width).print(reproduction_table(results, Path("index.html"), "11 of 14 rows done."))
    return text.getvalue()


def test_table_fits_80_columns_with_every_recipe_on_a_line_of_its_own(results: list[RowResult]) -> None:
    every = [result_of(row, 0.05) for row in all_rows()]
    lines = table(every).splitlines()
    assert max(map(len, lines)) <= 80
    for recipe in {row.recipe for row in all_rows()}:
        assert any(re.match(rf"{recipe}(,| )", line) for line in lines)


def test_table_says_means_verdict_running_rows_and_why_others_have_no_figure(results: list[RowResult]) -> None:
    said = words_of(table(results))
    assert "mean of 5 seeds" in said and "mean of 4 seeds" in said
    assert "best under random20: not better: the upper limit of the mean is not below 0.036721" in said
    assert "epoch 3 of 8" in said
    assert f"vgg19-frozen: {no_weights('vgg19-frozen')}" in said
    assert "cnn-scratch-official: The loss is no longer a number." in said
    assert "LEAKY" in said and "leak premium: random20 minus grouped20" in said


def test_page_has_every_seed_the_leak_and_no_figure_for_a_running_row(results: list[RowResult]) -> None:
    page = reproduction_page("kermany", results)
    leaky = page.split("Protocol random20 (leaky)")[1].split("</section>")[0]
    assert "These figures leak." in leaky and all(f"best, seed {seed}" in leaky for seed in range(5))
    running = page.split("best, seed 4")[1].split("</tr>")[0]
    assert "epoch 3 of 8" in running and not re.search(r"0\.\d", running)
    assert "IM-0001-0001" in page and "0.2134" in page
    assert "<script" not in page and "http" not in page.replace("http-equiv", "")


def test_results_page_groups_rows_and_shows_means_gaps_and_waiting_rows(
    results: list[RowResult], tmp_path: Path
) -> None:
    shutil.copytree(BESIDE, tmp_path / "beside")
    publish(tmp_path, results, [])
    page = render_results(tmp_path)
    leaky = page.split("## Protocol `random20`")[1].split("\n## ")[0]
    assert "| best | 0, 1, 2, 3, 4 | 0.0340 [" in leaky and "not better" in leaky
    assert leaky.index("| best-random20 ") < leaky.index("| best-random20-seed1 ")
    assert "| best-grouped20-seed4 | epoch 3 of 8 |" in page
    assert f"| vgg19-frozen-official | {no_weights('vgg19-frozen')} |" in page
    assert "| vgg19-frozen-mobilenetv2 | fit | 4,170 | 0.020 [0.010, 0.030] |" in page
    assert "leak premium: random20 minus grouped20, 4 seeds" in page
    assert "| 16 min | 1.4 GB |" in page
    assert page == render_results(tmp_path)


def test_trial_says_that_it_is_none_of_the_recipes(results: list[RowResult]) -> None:
    trial = [result_of(Row("best"), 0.06, changes=("train.epochs=1",))]
    assert "TRIAL, not the recipes as they are: train.epochs=1." in table(trial)
    assert "TRIAL" in reproduction_page("kermany", trial) and "TRIAL" not in reproduction_page("kermany", results)
