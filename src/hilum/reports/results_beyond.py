"""What the results page says beyond accuracy: calibration before and after, benefit, and the fall on other films."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hilum.evaluation import Evaluation
from hilum.evaluation.comparison import Comparison, Pair, read_comparison
from hilum.evaluation.usefulness import ANSWERED
from hilum.reports import comparison_words, words
from hilum.reports.markdown import table
from hilum.reports.results_looks import Result


def calibration_section(results: Sequence[Result]) -> str:
    """How true the probabilities are: raw, calibrated, and moved to the prevalence of the judged films."""
    cells = [
        [
            one.name if number == 0 else "",
            stated.name,
            stated.ece.text(),
            f"{stated.perfect.mean:.3f} ({stated.perfect.low:.3f} to {stated.perfect.high:.3f})",
            stated.slope.text(2),
            stated.intercept.text(2),
            stated.brier.text(),
        ]
        for one in results
        if one.evaluation.probabilities
        for number, stated in enumerate(one.evaluation.probabilities.stated)
    ]
    if not cells:
        return ""
    headers = ("model", "probability", "ECE", "ECE of a perfect model", "slope", "intercept", "Brier")
    lines = [
        "## Calibration before and after",
        "",
        "*Raw* is the network's own logistic output. *Calibrated* is what the model says: Platt's line, fitted on the "
        "calibrate patients. *Moved* is shifted to the share of pneumonia in the judged films, which nobody knows "
        "beforehand. The ECE of a perfect model is what chance alone gives: mean and range of 95 % of simulations. "
        "Slope 1 and intercept 0 are perfect; an intercept below 0 says that pneumonia is rarer than stated.",
        "",
        *table(headers, cells),
    ]
    return "\n".join(lines) + "\n"


def patients_section(results: Sequence[Result]) -> str:
    """Figures over patients, errors by how many films are answered, and net benefit."""
    cells = [_beyond(one.name, one.evaluation) for one in results if one.evaluation.per_patient]
    if not cells:
        return ""
    headers = (
        "model",
        "AUROC over patients",
        "sensitivity and specificity over patients",
        "wrong answers at 100, 90, 80 % answered",
        "net benefit at 0.10, 0.25, 0.50 (acting on all)",
    )
    lines = [
        "## Over patients, and worth acting on",
        "",
        "A patient's logit is the mean of the films'. Wrong answers and the pair are those of the primary operating "
        "point; the most certain films are answered first. Net benefit is in true positives a film.",
        "",
        *table(headers, cells),
    ]
    return "\n".join(lines) + "\n"


def _beyond(name: str, evaluation: Evaluation) -> list[str]:
    patients, useful = evaluation.per_patient, evaluation.usefulness
    if patients is None:
        return [name]
    at = next((one for one in patients.points if one.at.name == evaluation.primary.at.name), patients.points[0])
    pair = f"{at.sensitivity.text()} and {at.specificity.text()}"
    if useful is None:
        return [name, patients.scores.auroc.text(), pair, "", ""]
    risks = {share: one.risk for share, one in zip(ANSWERED, useful.risks, strict=False)}
    benefits = [one for one in useful.benefits if one.threshold in (0.1, 0.25, 0.5)]
    return [
        name,
        patients.scores.auroc.text(),
        pair,
        ", ".join(words.percent(risks[share]) for share in (1.0, 0.9, 0.8) if share in risks),
        "; ".join(f"{one.model.text()} ({one.treat_all:.3f})" for one in benefits),
    ]


def external_section(results: Sequence[Result]) -> str:
    """How far the figures fall on films from elsewhere."""
    cells = [
        [
            one.name,
            f"{one.evaluation.films.data_name}, {words.films_of(one.evaluation.films.every)}",
            fall.auroc[1].text(),
            fall.sensitivity[1].text(),
            fall.specificity[1].text(),
        ]
        for one in results
        if (fall := one.evaluation.fall)
    ]
    if not cells:
        return ""
    headers = ("model", "external films", "AUROC", "sensitivity", "specificity")
    lines = [
        "## The fall on films from elsewhere",
        "",
        "External minus internal figure, every threshold as it was. Age, sex and scanner are not known: "
        "nothing is said about fairness.",
        "",
        *table(headers, cells),
    ]
    return "\n".join(lines) + "\n"


def comparison_section(path: Path) -> str:
    """The comparisons that the analysis plan names, from the file that `hilum compare` wrote; "" without it."""
    if not path.exists():
        return ""
    found = read_comparison(path)
    lines = [
        "## Compared as planned",
        "",
        f"{comparison_words.whom(found)} At `{found.point}`; p by Holm over all tests of the comparison; made by "
        f"`{found.made.command}`.",
        "",
        *(f"- {_in_words(pair, found)}" for pair in found.pairs),
    ]
    return "\n".join(lines) + "\n"


def _in_words(pair: Pair, found: Comparison) -> str:
    said = (comparison_words.verdict(pair, found), comparison_words.open_questions(pair, found))
    return " ".join(filter(None, said))
