from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from hilum.evaluation.compare import compare_runs
from hilum.evaluation.comparison import CompareSettings, Comparison, Pair
from hilum.evaluation.runs import read_runs
from hilum.metrics import Estimate
from hilum.metrics.comparison import PairedTest
from hilum.reports import comparison_words as told
from hilum.reports.comparison import comparison_page, comparison_table, scale_of
from judged_runs import jittered, write_reference_runs, write_run
from markup import well_formed
from stand_ins import MADE


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Both reference models, and the better one as if trained again."""
    place = tmp_path_factory.mktemp("three")
    places = [*write_reference_runs(place), write_run(place / "again", jittered("fine_tuned", 1), "again")]
    return compare_runs(read_runs(places), CompareSettings("0.5", draws=100), MADE)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    place = tmp_path_factory.mktemp("seeds")
    places = [
        write_run(place / f"{model}-{seed}", jittered(model, seed), model, seed)
        for model in ("fine_tuned", "frozen_linear")
        for seed in range(2)
    ]
    return compare_runs(read_runs(places), CompareSettings("0.5", joins_seeds=True, draws=100), MADE)


def _trade(comparison: Comparison) -> Pair:
    """The first pair as if its first were better in the AUROC, its second in sensitivity."""
    pair = comparison.pairs[0]
    order, found, cleared = pair.differences
    return replace(pair, differences=(replace(order, better="first"), replace(found, better="second"), cleared))


def _text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("</style>")[1]).split())


def test_page_is_whole_and_asks_for_nothing(three: Comparison, seeded: Comparison) -> None:
    for page in (comparison_page(three), comparison_page(seeded)):
        well_formed(page)
        assert page.startswith("<!doctype html>")
        assert "default-src 'none'" in page
        assert "<script" not in page
        assert not re.search(r"(src|href)=|@import|url\(", page)


def test_same_comparison_gives_the_same_page(three: Comparison) -> None:
    assert comparison_page(three) == comparison_page(three)


def test_the_first_section_says_who_is_better_on_whom(three: Comparison) -> None:
    text = _text(comparison_page(three)).split("Every run with its interval")[0]
    assert "Compared on the same 624 films of 428 patients" in text
    assert "fine_tuned and again are not distinguishable on these 428 patients; about" in text
    assert "would be needed" in text
    assert "not a medical device" in text


def test_every_difference_stands_with_its_interval_and_both_p_values(three: Comparison) -> None:
    text = _text(comparison_page(three))
    for pair in three.pairs:
        for one in pair.differences:
            assert told.amount(one.figure, one.estimate.value) in text
            assert told.ends(one.figure, one.estimate) in text
            assert told.p_value(one.corrected_p).replace("<", "&lt;") in text
    assert "Holm's correction for all 9 tests".replace("'", "&#39;") in text
    assert "margin of 2 points" in text


def test_seeds_show_mean_spread_and_single_runs(seeded: Comparison) -> None:
    text = _text(comparison_page(seeded))
    figure = seeded.contestants[0].figures[0]
    assert figure.over_seeds is not None
    assert f"{figure.over_seeds.spread:.4f}" in text
    assert all(f"{value:.4f}" in text for value in figure.over_seeds.values)
    assert "by Student's t" in text
    assert "the interval over seeds must leave 0 out as well" in text


def test_a_leak_is_said_before_any_figure(three: Comparison) -> None:
    page = comparison_page(replace(three, warnings=("These leak.",)))
    assert page.index("These leak.") < page.index("Who is better")


def test_names_from_outside_cannot_become_markup(three: Comparison) -> None:
    evil = "<script>alert(1)</script>"
    contestants = tuple(replace(one, name=evil) for one in three.contestants)
    pairs = tuple(replace(pair, first=evil, second=evil) for pair in three.pairs)
    page = comparison_page(replace(three, contestants=contestants, pairs=pairs, data_name=evil))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_terminal_takes_eighty_columns_and_names_the_page(three: Comparison, seeded: Comparison) -> None:
    for comparison in (three, seeded):
        console = Console(width=80, color_system=None)
        with console.capture() as capture:
            console.print(comparison_table(comparison, Path("out/index.html")))
        shown = capture.get()
        assert max(map(len, shown.splitlines())) <= 80
        assert "Page  out/index.html" in shown
        assert "…" not in shown
    assert "spread" in shown


def test_words_of_a_trade_name_both_sides(three: Comparison) -> None:
    words = told.verdict(_trade(three), three)
    assert words.startswith("fine_tuned is better in AUROC (+0.0")
    assert words.endswith("a trade, not a rank.")


def test_words_of_a_better_side_are_from_its_side(three: Comparison) -> None:
    trade = _trade(three)
    second_alone = replace(trade, differences=trade.differences[1:2])
    assert told.verdict(second_alone, three).startswith("frozen_linear is better than fine_tuned in sensitivity (+")


@pytest.mark.parametrize(
    ("z", "p", "why"),
    [
        (-1.0, 0.3, "patients and films point apart"),
        (4.0, 0.3, "too few patients carry it to say how many would be needed"),
        (None, None, "no test: no spread among patients is seen"),
    ],
)
def test_where_no_number_of_patients_is_said_stands_why(
    three: Comparison, z: float | None, p: float | None, why: str
) -> None:
    pair, test = three.pairs[1], PairedTest(z, p, "no test: no spread among patients is seen")
    estimate = Estimate(0.1, 0.0, 0.2, "")
    one = replace(pair.differences[0], estimate=estimate, test=test, corrected_p=p, better="", patients_needed=None)
    assert told.verdict(replace(pair, differences=(one,)), three).endswith(f"; AUROC: {why}.")


@pytest.mark.parametrize(
    ("not_worse", "words"),
    [
        ((True, True), "neither is"),
        ((True, False), "fine_tuned is not"),
        ((False, True), "frozen_linear is not"),
        ((False, False), "open"),
        ((None, None), "open"),
    ],
)
def test_not_worse_in_words(three: Comparison, not_worse: tuple[bool | None, bool | None], words: str) -> None:
    pair = three.pairs[0]
    one = replace(pair.differences[0], first_not_worse=not_worse[0], second_not_worse=not_worse[1])
    assert told.not_worse(one, pair) == words


def test_a_small_end_keeps_the_side_of_zero_that_it_lies_on() -> None:
    assert told.ends("sensitivity", Estimate(0.01, -0.0003, 0.02, "")) == "−0.03 to +2.0"
    assert told.amount("sensitivity", 0.0) == "0.00 points"


@pytest.mark.parametrize(
    ("ends", "ticks"),
    [
        ((0.5, 0.5), (0.5, 0.501)),
        ((0.0, 1.0), (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        ((-0.03, 0.034), (-0.04, -0.02, 0.0, 0.02, 0.04)),
    ],
)
def test_an_axis_has_round_ticks_and_holds_its_values(ends: tuple[float, float], ticks: tuple[float, ...]) -> None:
    scale = scale_of([Estimate(ends[0], *ends, "")])
    assert scale.ticks == ticks
    assert scale.low <= ends[0] <= ends[1] <= scale.high
