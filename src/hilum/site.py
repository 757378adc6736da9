"""What one site sets once for all its answers: prevalence, operating point and language, in a file `hilum.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from msgspec import Struct
from numpy.typing import ArrayLike

from hilum.errors import HilumError, nearest
from hilum.files import explained, printable, read_text
from hilum.json_files import typed
from hilum.metrics import log_odds, probability_of, shift_prevalence
from hilum.metrics.arrays import Floats

SITE_FILE: Final = "hilum.toml"
LANGUAGES: Final = ("en", "fr")
"""In which a report can be written; the first is that of the source, and of everything that is no report."""


@dataclass(frozen=True, slots=True)
class Site:
    """The settings of a site; without a file, those of the model hold.

    Args:
        prevalence: fraction of the site's films with pneumonia; None leaves probabilities as the model was calibrated.
        operating_point: name of the stored threshold that decides; "" leaves the choice to the command.
        path: the file that says so; None where there is none.
        language: of reports, one of `LANGUAGES`; "" leaves the choice to the command.
    """

    prevalence: float | None = None
    operating_point: str = ""
    path: Path | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class PrevalenceShift:
    """From the probability at the prevalence that a model was calibrated at to that at the prevalence of a site.

    Every probability and every threshold moves by the same step on the logit scale, so that no decision changes:
    what changes is what the number says. Right as far as the films of each class look alike in both places and only
    the mix of the classes differs.

    Args:
        calibrated_at: prevalence among the model's calibrate patients.
        stated: prevalence of the site.

    Source: Saerens et al. 2002, "Adjusting the Outputs of a Classifier to New a Priori Probabilities".

    >>> shift = PrevalenceShift(calibrated_at=0.75, stated=0.05)
    >>> round(float(shift.probability(0.0)), 4), round(shift.threshold(0.5), 4)
    (0.0172, 0.0172)
    """

    calibrated_at: float
    stated: float

    def probability(self, calibrated_logit: ArrayLike) -> Floats:
        """The probability of pneumonia at the site, of calibrated logits of any shape.

        Raises:
            HilumError: a prevalence is not strictly between 0 and 1.
        """
        return probability_of(shift_prevalence(calibrated_logit, self.calibrated_at, self.stated))

    def threshold(self, threshold: float) -> float:
        """The threshold on the site's probability that makes the same decisions as `threshold` does on the model's."""
        return threshold if threshold in (0, 1) else float(self.probability(log_odds(threshold)))


class _Settings(Struct, frozen=True):
    """The keys of the file with their types; what each may hold is judged afterwards."""

    prevalence: float | None = None
    operating_point: str = ""
    language: str = ""


def site_settings(named: Path | None = None, start: Path = Path()) -> Site:
    """The settings that hold here.

    Args:
        named: a file with settings, or a folder that holds a `hilum.toml`; None looks for one.
        start: the folder that is looked into first, then every folder above it; the first file found holds alone.

    Raises:
        HilumError: the named file is missing, or a setting is wrong.
    """
    if named is not None:
        with explained(named, "read"):
            return read_site(named / SITE_FILE if named.is_dir() else named)
    found = find_site(start)
    return read_site(found) if found else Site()


def find_site(start: Path) -> Path | None:
    """The nearest `hilum.toml` in this folder or above it; None where there is none."""
    with explained(start, "read"):
        here = start.resolve()
    for folder in (here, *here.parents):
        with explained(folder / SITE_FILE, "read"):
            if (folder / SITE_FILE).is_file():
                return folder / SITE_FILE
    return None


def read_site(path: Path) -> Site:
    """The settings in one file.

    Raises:
        HilumError: no such file, not TOML, an unknown key, a prevalence that is none, or a language that hilum does
            not speak.
    """
    where = f"'{printable(path)}'"
    try:
        values = tomllib.loads(read_text(path).removeprefix("\ufeff"))  # Windows editors put the mark in front
    except (ValueError, RecursionError) as error:  # the first also for a number of thousands of digits
        raise HilumError(
            f"{where} is not TOML: {error}.", expected="settings of a site", do="Mend that line."
        ) from error
    _refuse_unknown_keys(values, where)
    settings = typed(
        values,
        _Settings,
        f"{where} has a wrong value",
        expected="a number as prevalence, and text in quotation marks as operating point and language",
        do='For instance: prevalence = 0.05, operating_point = "youden", language = "fr"',
    )
    _refuse_odd_values(settings, where)
    return Site(settings.prevalence, settings.operating_point, path, settings.language)


def _refuse_unknown_keys(values: dict[str, Any], where: str) -> None:
    known = list(_Settings.__struct_fields__)
    for key in values:
        if key not in known:
            raise HilumError(
                f"{where} has an unknown setting '{printable(key)}'.",
                expected=f"no others than {', '.join(known)}",
                do=nearest(key, known),
            )


def _refuse_odd_values(settings: _Settings, where: str) -> None:
    if settings.prevalence is not None and not 0 < settings.prevalence < 1:  # NaN is refused too
        raise HilumError(
            f"{where} has {settings.prevalence:g} as prevalence.",
            expected="a fraction above 0 and below 1",
            do="Write 0.05 for 5 %.",
        )
    if settings.language and settings.language not in LANGUAGES:
        raise HilumError(
            f"{where} has '{printable(settings.language)}' as language.",
            expected=f"one of {', '.join(LANGUAGES)}",
            do=nearest(settings.language, list(LANGUAGES)),
        )
