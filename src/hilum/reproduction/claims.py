"""What the projects published, and when a figure of ours is better than theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hilum.metrics import Estimate, clopper_pearson
from hilum.metrics.means import RunsMean

RUNS_FOR_A_VERDICT: Final = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """A project's published figure.

    Args:
        project: number and name.
        said: the figure as it was published, or that there is none.
        protocol: that it was measured under; "" where that is not stated.
        wrong: films called wrongly, where that is known.
        films: of how many.
    """

    project: str
    said: str
    protocol: str = ""
    wrong: int | None = None
    films: int | None = None

    @property
    def error(self) -> Estimate | None:
        """The error rate with its exact interval, where the counts are known."""
        if self.wrong is None or self.films is None:
            return None
        interval = clopper_pearson(self.wrong, self.films)
        return Estimate(self.wrong / self.films, interval.low, interval.high, interval.method)

    def in_words(self) -> str:
        """The figure with its interval.

        >>> CLAIMS["resnet50"].in_words()
        'error 0.036721 = 43 of 1,171 (exact interval 0.027-0.049)'
        """
        error = self.error
        return self.said if error is None else f"{self.said} (exact interval {error.low:.3f}-{error.high:.3f})"


CLAIMS: Final = {
    "cnn": Claim("0 and 4, self-made CNN", "no number"),
    "inceptionv3": Claim("0, InceptionV3", '"higher precision than the self-made CNN", no number'),
    "xception": Claim("1, Xception", "no number on the official test"),
    "resnet50": Claim("2, ResNet-50 in fast.ai", "error 0.036721 = 43 of 1,171", "random20", 43, 1171),
    "vgg19": Claim("3, VGG-19", "accuracy 89 % on its training films, 87 % on its validation films"),
}
PUBLISHED_ERROR_OF_PART: Final = {"fit": 0.11, "select": 0.13}
"""Of the VGG-19: accuracy 89 % on its training films and 87 % on its validation films."""


def claim_of(recipe: str) -> Claim | None:
    """The published figure that a recipe stands beside; None for recipes of our own."""
    return next((claim for start, claim in CLAIMS.items() if recipe.startswith(start)), None)


def is_better(mean: RunsMean, published: float) -> bool:
    """True only where five runs or more put the upper limit of the mean error below the published error."""
    return len(mean.values) >= RUNS_FOR_A_VERDICT and mean.mean.high is not None and mean.mean.high < published


def verdict(mean: RunsMean, protocol: str) -> str:
    """How the mean error over several seeds stands to the published error of a random fifth, in words."""
    claim = CLAIMS["resnet50"]
    if protocol != claim.protocol or claim.error is None or claim.error.value is None:
        return ""
    runs, published = len(mean.values), claim.error.value
    if runs < RUNS_FOR_A_VERDICT:
        return f"no verdict before {RUNS_FOR_A_VERDICT} seeds: {runs} so far"
    if is_better(mean, published):
        return f"better: the upper limit of the mean is below {published:.6f}"
    return f"not better: the upper limit of the mean is not below {published:.6f}"
