"""A box on a film."""

from __future__ import annotations

import pytest

from hilum.errors import HilumError
from hilum.images.box import LUNG_BOX, Box, area, require_box, slices


@pytest.mark.parametrize("box", [(0.9, 0.1, 0.1, 0.9), (0.1, 0.1, 0.9, 1.2), (-0.1, 0, 1, 1)])
def test_box_without_an_inside_is_refused(box: Box) -> None:
    with pytest.raises(HilumError, match="has no inside"):
        require_box(box)


def test_pixels_of_the_box_have_its_share_of_the_film() -> None:
    rows, across = slices(LUNG_BOX, 100, 50)
    assert (rows, across) == (slice(10, 90), slice(5, 45))
    assert (rows.stop - rows.start) * (across.stop - across.start) / 5000 == pytest.approx(area(LUNG_BOX))
