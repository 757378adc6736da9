"""Where a network's maps look, from the receptive fields of their places."""

from __future__ import annotations

from torch import Tensor, nn

from hilum.attribution.places import Places
from hilum.explaining.receptive_field import Field, receptive_fields
from hilum.models import FilmClassifier
from hilum.models.operations import operations_of


class _Maps(nn.Module):
    """A classifier up to its last feature maps."""

    def __init__(self, classifier: FilmClassifier) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, film: Tensor) -> Tensor:
        """(n, 1, side, side) -> (n, c, h, w)."""
        return self.classifier.maps(film)


def places_of_maps(classifier: FilmClassifier, side: int) -> Places | None:
    """Of the last feature maps; None where each place sees the whole film, or the axes differ."""
    operations = operations_of(_Maps(classifier), side)
    return places_of(receptive_fields(operations)[operations[-1].result.number])


def places_of(field: Field | None) -> Places | None:
    """The middle of the field of each place."""
    if field is None or field.down != field.across:
        return None
    return Places((field.down.first + field.down.last + 1) / 2, field.down.step_px)
