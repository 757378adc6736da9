from __future__ import annotations

from io import BytesIO, StringIO

from PIL import Image
from rich.console import Console

from hilum.reports.transfer import draw_transfer, transfer_table
from hilum.reproduction.transfer import Bundle, Curve, TransferRun, bundles


def curve(patients: int, is_pretrained: bool, seed: int = 0) -> Curve:
    auroc = (0.7, 0.9, 0.97) if is_pretrained else (0.5, 0.6, 0.7)
    run = TransferRun("best", patients, is_pretrained, seed, 3)
    return Curve(run, auroc, (64, 128, 192), (61.0, 122.0, 183.0))


def both(patients: int) -> tuple[Bundle, ...]:
    return bundles([curve(patients, True), curve(patients, True, 1), curve(patients, False)])


def test_picture_has_a_column_for_each_number_of_patients() -> None:
    picture = Image.open(BytesIO(draw_transfer((*both(50), *both(0)), 2930, "kermany", "best")))
    assert picture.format == "PNG" and picture.size[0] == 1720
    assert draw_transfer(both(50), 2930, "kermany", "best") != draw_transfer(both(0), 2930, "kermany", "best")


def test_one_kind_of_weights_alone_can_be_drawn() -> None:
    assert draw_transfer(bundles([curve(50, False)]), 2930, "kermany", "best").startswith(b"\x89PNG")


def test_table_fits_80_columns_and_says_start_end_and_steepness() -> None:
    text = StringIO()
    table = transfer_table((*both(50), *both(0)), 2930, [("best-all-random-seed2", "epoch 3 of 6")], ["Note."])
    Console(file=text, width=80).print(table)
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    said = " ".join(text.getvalue().split())
    assert "50 ImageNet 0.700 0.970 192 3 3.0 min" in said
    assert "2,930 random 0.500 0.700 not reached 3 3.0 min" in said
    assert "best-all-random-seed2: epoch 3 of 6" in said
