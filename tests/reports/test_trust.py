"""What an explanation says of the worth of its maps, from the model folder."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from hilum.modelfolder import Faithfulness
from hilum.modelfolder.schema import FailedTest, MeasuredFigure
from hilum.reports.explanation_record import trust_in
from stand_ins import manifest

FIGURE = MeasuredFigure(0.1, None, None)


@pytest.mark.parametrize(
    ("reasons", "failed", "unknown", "standing", "label"),
    [
        ((), (), (), "passes", "passes the tests of 12 select films"),
        ((), (), ("who knows",), "not measured", "not shown: too few films (12): who knows"),
        (("why",), (), (), "fails", "not a faithful explanation of this model"),
        (
            ("why",),
            ("random maps",),
            (),
            "fails",
            "not a faithful explanation of this model (not shown to beat random maps on 12 films)",
        ),
    ],
)
def test_label_says_which_test_and_too_few_films_are_no_failure(
    reasons: tuple[str, ...], failed: tuple[FailedTest, ...], unknown: tuple[str, ...], standing: str, label: str
) -> None:
    found = Faithfulness(
        method="map", reasons=reasons, failed=failed, unknown=unknown, notes=(), films=12, rank=FIGURE, sizes=FIGURE,
        chance=None, deletion_gain=FIGURE, insertion_gain=FIGURE, blob_deletion_gain=FIGURE, blob_insertion_gain=FIGURE,
    )  # fmt: skip
    trust = trust_in(replace(manifest(), faithfulness=found), "map")
    assert (trust.standing, trust.label) == (standing, label)
