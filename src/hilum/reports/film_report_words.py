"""What a report says of one film, sentence by sentence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from hilum.metrics import Estimate
from hilum.reports.film_report_about import About
from hilum.reports.film_report_film import ReportedFilm
from hilum.reports.language import Language
from hilum.reports.said_elsewhere import said
from hilum.runtime.mapping import two_digits
from hilum.runtime.neighbours import SimilarCase

UNLIKE_FROM: Final = 0.95
"""Share of new patients' films that are nearer to their nearest case: from here on a film is unlike all of them."""


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence, and the language it is in where that is not the page's."""

    text: str
    lang: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of a report in one language, on the films that one model answered for."""

    about: About
    language: Language

    def told(self, text: str) -> Told:
        """A sentence that another part of hilum wrote; in English, and marked so, where it has no translation."""
        here = said(self.language, text)
        return Told(text, "en") if here is None else Told(here)

    def name(self, film: ReportedFilm) -> str:
        """The film's file name."""
        return PurePath(film.prediction.path).name or film.prediction.path

    def folder(self, film: ReportedFilm) -> str:
        """The folder that it was named with; empty where there was none."""
        path = film.prediction.path
        return path[: len(path) - len(self.name(film))]

    def decision(self, film: ReportedFilm) -> str:
        """What the model found at its operating point in a film that has an answer."""
        if film.prediction.decision == "pneumonia":
            return self.language.say("signs of pneumonia found by this model")
        return self.language.say("no sign of pneumonia found by this model; this does not exclude pneumonia")

    def reasons(self, film: ReportedFilm) -> tuple[Told, ...]:
        """Why a film was not assessed."""
        return tuple(map(self.told, film.prediction.reasons or (film.prediction.problem,)))

    def probability(self, film: ReportedFilm) -> str:
        """The calibrated probability, told apart from the threshold."""
        return self._apart(film.prediction.probability or 0.0, self.about.point.threshold)

    def beside_one_half(self, film: ReportedFilm) -> str:
        """What is to be said where the probability alone would suggest the other decision; else empty."""
        probability, decision = film.prediction.probability, film.prediction.decision
        if probability is None:
            return ""
        if probability > 0.5 and decision == "normal":
            return self.language.say("The probability is above one half, but below the operating point, which decides.")
        if probability < 0.5 and decision == "pneumonia":
            return self.language.say(
                "The probability is below one half, but not below the operating point, which decides."
            )
        return ""

    def threshold(self, film: ReportedFilm | None = None) -> str:
        """The threshold on it, told apart from the film's probability."""
        other = film.prediction.probability if film else None
        return self._apart(self.about.point.threshold, 0.5 if other is None else other)

    def as_in_training(self) -> str:
        """Which prevalence the probability holds for."""
        share = self.language.prevalence(self.about.manifest.calibration.prevalence)
        return self.language.say("probability as in the training data, where {share} had pneumonia", share=share)

    def site_probability(self, film: ReportedFilm) -> str:
        """The probability at the prevalence of the site, told apart from its threshold; empty where none is stated."""
        shifted = film.prediction.site_probability
        return "" if shifted is None else self._apart(shifted, self.about.site_threshold or 0.0)

    def at_site(self, film: ReportedFilm) -> str:
        """The same as a sentence; empty where none is stated."""
        shift, shifted = self.about.shift, film.prediction.site_probability
        if shift is None or shifted is None:
            return ""
        return self.language.say(
            "Prior-shifted probability, for a site where {share} of the films show pneumonia: {probability} (threshold "
            "{threshold}). The decision is the same on both scales.",
            share=self.language.prevalence(shift.stated),
            probability=self.site_probability(film),
            threshold=self._apart(self.about.site_threshold or 0.0, shifted),
        )

    def called_from(self, film: ReportedFilm) -> str:
        """How the decision was made."""
        return self.language.say(
            "Decided at the operating point {point}: signs are reported from a calibrated probability of {threshold} "
            "on.",
            point=self.about.point.name,
            threshold=self.threshold(film),
        )

    def answer_set(self, film: ReportedFilm) -> str:
        """What the conformal set leaves open; says so where the model has none."""
        answers, say = film.prediction.answers, self.language.say
        if answers is None:
            return say("This model keeps no answer sets, so it cannot say “I do not know”.")
        if len(answers) == 2:
            return say("The model does not know: it leaves both answers open, pneumonia and normal.")
        if not answers:
            return say("The model does not know: neither answer, pneumonia or normal, is likely enough.")
        only = say("Only pneumonia is left open.") if "pneumonia" in answers else say("Only normal is left open.")
        if answers[0] == film.prediction.decision:
            return only
        return f"{only} " + say("That differs from the decision, whose threshold was chosen for another goal.")

    def coverage(self) -> str:
        """What the conformal sets promise; empty where the model has none."""
        stored = self.about.manifest.conformal
        if stored is None:
            return ""
        if self.about.manifest.training.cross_fitted:
            return self.language.say(
                "Of new patients like those the model was made from, about {share} of films with pneumonia keep "
                "pneumonia open, and about {share} of normal films normal. Other networks than this one answered for "
                "those patients (cross-fitting), so that this is proven only nearly. Elsewhere that is not promised.",
                share=self.language.prevalence(1 - stored.alpha),
            )
        return self.language.say(
            "Of new patients like those the model was calibrated on, {share} of films with pneumonia keep pneumonia "
            "open, and {share} of normal films normal. Elsewhere that is not promised.",
            share=self.language.prevalence(1 - stored.alpha),
        )

    def likeness(self, film: ReportedFilm) -> str:
        """How far the film lies from the training films, and what that does not see; empty without a gate."""
        gate, distance = self.about.manifest.gate, film.prediction.distance
        if gate is None or distance is None or film.prediction.warning or film.prediction.problem:
            return ""
        figures = (distance, gate.warn_above, gate.refuse_above)
        at, warned, refused = (self.language.number(figure, 2) for figure in figures)
        return self.language.say(
            "Nothing unusual was noticed (distance {at}; a warning from {warned}, refused from {refused}); this does "
            "not see age, machine or hospital.",
            at=at,
            warned=warned,
            refused=refused,
        )

    def file_in_words(self, film: ReportedFilm) -> str:
        """Format and size of the file; empty where it could not be read."""
        if film.size_px is None:
            return ""
        width, height = map(self.language.number, film.size_px)
        return f"{film.stored_as[0]} ({film.stored_as[1]}), {width} × {height} px"

    def map_in_words(self, film: ReportedFilm) -> str:
        """How the colours of the map are to be read."""
        return self.language.say(
            "Orange speaks for pneumonia, blue against it, in full colour from {evidence} on; each film has its own "
            "scale.",
            evidence=self.language.written(two_digits(film.full_colour)),
        )

    def times(self, case: SimilarCase) -> str:
        """How many times the usual distance a training film lies away from this one."""
        return f"{self.language.number(case.times_usual, 1)} ×"

    def is_unlike_all(self, film: ReportedFilm) -> bool:
        """True where even the nearest training film is farther than those of nearly all new patients' films."""
        return bool(film.similar) and film.similar is not None and film.similar[0].farther_than >= UNLIKE_FROM

    def estimate(self, one: Estimate) -> str:
        """A figure in per cent."""
        return self.language.say("not defined") if one.value is None else self.language.percent(one.value)

    def interval(self, one: Estimate) -> str:
        """Its interval."""
        if one.low is None or one.high is None:
            return self.language.say("no interval")
        return self.language.percent_range(one.low, one.high)

    def _apart(self, value: float, other: float) -> str:
        """A fraction in per cent, with the digits it takes to tell it from the other."""
        for digits in (1, 2, 3, 4):
            texts = [f"{100 * one:.{digits}f}" for one in (value, other)]
            if texts[0] != texts[1]:
                break
        if float(texts[0]) in (0, 100) or (digits == 1 and not 0.001 <= value <= 0.999):
            return self.language.nearly(value)
        return self.language.per_cent(texts[0])
