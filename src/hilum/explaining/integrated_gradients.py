"""Evidence by pixel: the logit's gradient, integrated along the way from a baseline to the film.

The way is cut into pieces, and the gradient taken in the middle of each. Over a piece the evidence should add up to
what the logit gains there, which two passes tell; the pieces where it does so worst are halved until the whole is
complete. With even steps, as captum has them, a network that bends near the baseline needs more than twice as many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import torch
from torch import Tensor

from hilum.attribution.evidence import EvidenceMap, Square
from hilum.explaining.hooks import unchanged
from hilum.models import FilmClassifier

LARGEST_GAP: Final = 0.05
"""Share of the difference that may be missing. Source: Sundararajan et al. 2017, section 5: 20 to 300 steps give it."""
FEWEST_POINTS: Final = 32
MOST_POINTS: Final = 256
HALVED: Final = 8
"""Pieces that are halved at a time, which makes twice as many points a pass."""

# Evidence is gradient times distance from the baseline: with a black one, dark pixels would get none, and air in a lung
# is dark, so what speaks against pneumonia would be left out. A blurred film keeps an opacity, which is itself blurred.


@dataclass(frozen=True, slots=True)
class IntegratedGradients:
    """The evidence of each pixel of one film.

    Args:
        evidence: (side, side); it sums up to the difference of the two logits, but for `gap`.
        logit: of the film.
        baseline_logit: of the baseline.
        gap: |sum of the evidence - (logit - baseline_logit)|: what the points leave out of the integral.
        points: of the way at which the gradient was taken.
    """

    evidence: EvidenceMap
    logit: float
    baseline_logit: float
    gap: float
    points: int

    @property
    def is_complete(self) -> bool:
        """True where the gap is at most `LARGEST_GAP` of the difference, or of one unit of logit where that is less."""
        return self.gap <= LARGEST_GAP * max(1.0, abs(self.logit - self.baseline_logit))

    @property
    def in_words(self) -> str:
        """What the evidence adds up to, and what is missing, as a sentence."""
        difference = self.logit - self.baseline_logit
        return (
            f"The evidence adds up to {float(self.evidence.sum(dtype=np.float64)):+.2f}; the logit differs from the "
            f"baseline's by {difference:+.2f} ({self.points} points{'' if self.is_complete else ', incomplete'})."
        )


def integrated_gradients(
    classifier: FilmClassifier, square: Square, most_points: int = MOST_POINTS
) -> IntegratedGradients:
    """The evidence of each pixel; what is still missing in the end is stated and not spread over the pixels.

    The baseline is an even film of the film's mean grey. A network may well call it pneumonia: the evidence says what
    makes this film's logit another than that of a film without any structure.

    Args:
        square: (side, side) uint8.
        most_points: at which to stop where the evidence is not complete before.

    Source: Sundararajan et al. 2017, "Axiomatic Attribution for Deep Networks", equations 1 and 3.
    """
    with unchanged(classifier):
        way = _Way(classifier, square)
        pieces = way.pieces(np.linspace(0, 1, 2 * HALVED + 1).tolist())
        points = len(pieces)
        while points < most_points and (points < FEWEST_POINTS or not _joined(pieces, points).is_complete):
            pieces.sort(key=lambda piece: abs(piece.gap), reverse=True)
            halves = way.halves(pieces[:HALVED])
            points += len(halves)
            pieces = pieces[HALVED:] + halves
    return _joined(pieces, points)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of the way, which is 0 at the baseline and 1 at the film.

    Args:
        logits: at both ends.
        evidence: (side, side) gradient in the middle, times the piece.
    """

    start: float
    end: float
    logits: tuple[float, float]
    evidence: Tensor

    @property
    def gap(self) -> float:
        """By how much the evidence misses what the logit gains."""
        return float(self.evidence.sum(dtype=torch.float64)) - (self.logits[1] - self.logits[0])


class _Way:
    """The straight way from the baseline to a film, in grey levels."""

    def __init__(self, classifier: FilmClassifier, square: Square) -> None:
        self._classifier = classifier
        film = torch.from_numpy(square.astype(np.float32))[None, None].to(classifier.mean.device)
        self._baseline = torch.full_like(film, float(square.mean()))
        self._whole = film - self._baseline

    def pieces(self, ends: Sequence[float]) -> list[_Piece]:
        """The pieces between neighbours among these places, which rise."""
        return self._between(list(pairwise(ends)), self._logits(ends))

    def halves(self, pieces: Sequence[_Piece]) -> list[_Piece]:
        """Each piece as two."""
        middles = [(piece.start + piece.end) / 2 for piece in pieces]
        known = {piece.start: piece.logits[0] for piece in pieces} | {piece.end: piece.logits[1] for piece in pieces}
        first = [(piece.start, middle) for piece, middle in zip(pieces, middles, strict=True)]
        second = [(middle, piece.end) for piece, middle in zip(pieces, middles, strict=True)]
        return self._between(first + second, known | self._logits(middles))

    def _between(self, spans: Sequence[tuple[float, float]], logits: dict[float, float]) -> list[_Piece]:
        gradients = self._gradients([(start + end) / 2 for start, end in spans])
        return [
            _Piece(start, end, (logits[start], logits[end]), gradient * self._whole[0, 0] * (end - start))
            for (start, end), gradient in zip(spans, gradients, strict=True)
        ]

    def _films(self, places: Sequence[float]) -> Tensor:
        shares = torch.tensor(places, dtype=torch.float32, device=self._whole.device)
        return self._baseline + shares.view(-1, 1, 1, 1) * self._whole

    @torch.no_grad()
    def _logits(self, places: Sequence[float]) -> dict[float, float]:
        logits = self._classifier.logit(self._classifier.maps(self._films(places))).tolist()
        return dict(zip(places, logits, strict=True))

    @torch.enable_grad()
    def _gradients(self, places: Sequence[float]) -> Tensor:
        """(n, side, side) of the logit by the pixels."""
        films = self._films(places).requires_grad_()
        (gradients,) = torch.autograd.grad(self._classifier.logit(self._classifier.maps(films)).sum(), films)
        return gradients[:, 0]


def _joined(pieces: Sequence[_Piece], points: int) -> IntegratedGradients:
    evidence = torch.stack([piece.evidence for piece in pieces]).sum(dim=0).cpu().numpy()
    first, last = min(pieces, key=lambda one: one.start), max(pieces, key=lambda one: one.end)
    baseline_logit, logit = first.logits[0], last.logits[1]
    gap = abs(float(evidence.sum(dtype=np.float64)) - (logit - baseline_logit))
    return IntegratedGradients(evidence, logit, baseline_logit, gap, points)
