"""A comparison in plain words: who is better, by how much, and how many patients it would take."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hilum.evaluation.comparison import Comparison, Difference, Pair
from hilum.metrics import Estimate
from hilum.metrics.comparison import ALPHA
from hilum.reports import words

_MANY = 1_000_000
_ROUNDING = 1e-9


def title(comparison: Comparison) -> str:
    """How many were compared."""
    return f"{len(comparison.contestants)} {'runs' if not has_seeds(comparison) else 'recipes'}"


def has_seeds(comparison: Comparison) -> bool:
    """True where a contestant is the mean over several seeds."""
    return any(len(one.runs) > 1 for one in comparison.contestants)


def whom(comparison: Comparison) -> str:
    """On whom they were compared, in one sentence."""
    pneumonia, normal = comparison.pneumonia, comparison.normal
    return (
        f"{words.films_of(comparison.every)}: {pneumonia.films:,} with pneumonia ({pneumonia.patients:,} patients) and "
        f"{normal.films:,} normal ({normal.patients:,} patients)."
    )


def verdict(pair: Pair, comparison: Comparison) -> str:
    """Who is better, in one sentence."""
    first, second = ([one for one in pair.differences if one.better == side] for side in ("first", "second"))
    if pair.is_trade:
        return f"{pair.first} is better in {_gains(first)}, {pair.second} in {_gains(second)}: a trade, not a rank."
    if pair.better:
        winner, loser = (pair.first, pair.second) if pair.better == "first" else (pair.second, pair.first)
        return f"{winner} is better than {loser} in {_gains(first or second)}."
    return f"{pair.first} and {pair.second} are not distinguishable {on_these(comparison)}{_needed(pair.differences)}."


def open_questions(pair: Pair, comparison: Comparison) -> str:
    """What a better side is not better in, and what it would take to tell; "" where there is nothing to add."""
    rest = [one for one in pair.differences if not one.better]
    if not rest or not (pair.better or pair.is_trade):
        return ""
    figures = " and ".join(one.figure for one in rest)
    told = f"{figures} {'is' if len(rest) == 1 else 'are'} not distinguishable {on_these(comparison)}{_needed(rest)}."
    return told[0].upper() + told[1:]


def on_these(comparison: Comparison) -> str:
    """The patients that a verdict holds for."""
    return f"on these {comparison.groups:,} patients"


def needed(patients: int) -> str:
    """A number of patients without digits that say nothing.

    >>> needed(862), needed(7153), needed(2_000_000)
    ('about 870', 'about 7,200', 'more than a million')
    """
    if patients >= _MANY:
        return "more than a million"
    step = 10 ** max(0, int(math.log10(patients)) - 1)
    return f"about {math.ceil(patients / step) * step:,}"


def amount(figure: str, value: float | None) -> str:
    """A difference with its sign: the AUROC as a decimal, shares in points of a hundred.

    >>> amount("AUROC", 0.0224), amount("specificity", -0.1496)
    ('+0.022', '−15.0 points')
    """
    if value is None:
        return "not defined"
    return f"{_signed(value, figure)}{'' if figure == 'AUROC' else ' points'}"


def ends(figure: str, one: Estimate) -> str:
    """The ends of the interval of a difference.

    >>> ends("sensitivity", Estimate(0.02, -0.011, 0.05, ""))
    '−1.1 to +5.0'
    """
    if one.low is None or one.high is None:
        return "no interval"
    return f"{_signed(one.low, figure)} to {_signed(one.high, figure)}"


def p_value(p: float | None) -> str:
    """A p value as journals print it.

    >>> p_value(0.0414), p_value(0.2), p_value(1e-9), p_value(None)
    ('0.041', '0.20', '< 0.001', 'no test')
    """
    if p is None:
        return "no test"
    if p < 0.001:
        return "< 0.001"
    return f"{p:.3f}" if p < 0.095 else f"{p:.2f}"


def not_worse(one: Difference, pair: Pair) -> str:
    """Which side lies below the other by the margin at most, or that this is open."""
    if one.first_not_worse and one.second_not_worse:
        return "neither is"
    if one.first_not_worse:
        return f"{pair.first} is not"
    return f"{pair.second} is not" if one.second_not_worse else "open"


def margin(comparison: Comparison) -> str:
    """The margin in points.

    >>> margin_in_points(0.02), margin_in_points(0.01)
    ('2 points', '1 point')
    """
    return margin_in_points(comparison.margin)


def margin_in_points(value: float) -> str:
    """A fraction in points of a hundred."""
    return f"{100 * value:g} point{'' if math.isclose(value, 0.01) else 's'}"


def methods(comparison: Comparison) -> list[str]:
    """How the differences, the tests and the numbers of patients were made, one sentence each."""
    seeds = "; with several seeds the interval over seeds must leave 0 out as well" if has_seeds(comparison) else ""
    return [
        f"Every difference is paired: the same films, the same draws. Intervals are 95 %: {_by(comparison)}. For "
        "shares where fewer than 25 patients are judged differently, Newcombe's score interval for pairs.",
        "AUROC: Student's t with placement values summed over patients (Obuchowski 1997; DeLong for one film a "
        "patient) and Satterthwaite's degrees of freedom. Sensitivity and specificity: McNemar's test over patients, "
        "each counting alike (Durkalski 2003); where fewer than 25 patients are judged differently, the exact form.",
        f"Better is a side whose p value is below {ALPHA:g} after Holm's correction for all {comparison.tests} tests"
        f"{seeds}.",
        "Patients needed: like these, to show the difference as found with a chance of 80 %, at the level that the "
        "strictest step of Holm's correction asks for. A difference that is smaller than found needs more.",
        f"Not worse: the lower end of the interval lies above \N{MINUS SIGN}{margin(comparison)}; each line by itself, "
        "without correction.",
    ]


def _by(comparison: Comparison) -> str:
    """The method of the first difference that the bootstrap made, else of any."""
    found = [one.estimate.method for pair in comparison.pairs for one in pair.differences]
    return next((method for method in found if "bootstrap" in method), found[0])


def _needed(differences: Sequence[Difference]) -> str:
    """How many patients would tell, figure by figure; where there is no number, why not."""
    known = [f"{needed(one.patients_needed)} in {one.figure}" for one in differences if one.patients_needed]
    said = [f"{', '.join(known)} would be needed"] if known else []
    said += [f"{one.figure}: {_why_open(one)}" for one in differences if not one.patients_needed]
    return "; " + "; ".join(said)


def _why_open(one: Difference) -> str:
    if one.corrected_p is None:
        return one.test.method
    if max(abs(one.estimate.value or 0.0), abs(one.test.z or 0.0)) < _ROUNDING:
        return "no difference to look for"
    if one.points_apart:
        return "patients and films point apart"
    if one.corrected_p >= ALPHA:
        return "too few patients carry it to say how many would be needed"
    return "these models differ, but not beyond their seeds"


def _gains(differences: Sequence[Difference]) -> str:
    """What the better side gains, without its sign."""
    parts = [
        f"{one.figure} ({amount(one.figure, abs(one.estimate.value or 0.0))}, {_p_is(one)})" for one in differences
    ]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _p_is(one: Difference) -> str:
    p = p_value(one.corrected_p)
    return f"p {p if p.startswith('<') else f'= {p}'}".replace(" ", "\N{NO-BREAK SPACE}")


def _signed(value: float, figure: str) -> str:
    """With one digit more where the usual ones would hide on which side of 0 it lies."""
    shown, digits = (value, 3) if figure == "AUROC" else (100 * value, 1)
    text = f"{shown:+.{digits}f}" if round(shown, digits) else f"{shown:+.{digits + 1}f}"
    if not float(text):
        return text[1:]
    return text.replace("-", "\N{MINUS SIGN}")
