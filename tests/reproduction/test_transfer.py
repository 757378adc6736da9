from __future__ import annotations

from pathlib import Path

import pytest

from hilum.reproduction.transfer import Bundle, Curve, TransferRun, bundles, epochs_for, read_curve, transfer_runs

RUN = TransferRun("best", 50, True, 0, 3)


def curve(*auroc: float, seed: int = 0, is_pretrained: bool = True) -> Curve:
    steps = range(1, len(auroc) + 1)
    run = TransferRun("best", 50, is_pretrained, seed, len(auroc))
    return Curve(run, auroc, tuple(64 * step for step in steps), tuple(2.0 * step for step in steps))


def test_every_size_is_trained_both_ways_with_every_seed_small_ones_first() -> None:
    runs = transfer_runs("best", (0, 50), (0, 1), 2900)
    assert [run.name for run in runs[:4]] == [
        "best-50-imagenet-seed0",
        "best-50-random-seed0",
        "best-50-imagenet-seed1",
        "best-50-random-seed1",
    ]
    assert [run.patients for run in runs[4:]] == [0, 0, 0, 0]


def test_few_patients_get_more_epochs_and_fewer_steps() -> None:
    assert epochs_for(6, 2900, 2900) == 6
    assert epochs_for(6, 725, 2900) == 12  # a quarter of the patients: twice the epochs, half the steps


def test_weights_and_patients_are_changed_and_no_average_hides_the_start() -> None:
    assert TransferRun("best", 200, False, 1, 23).changes() == (
        "network.pretrained=false",
        "patients=200",
        "train.epochs=23",
        "train.average=0",
    )
    assert TransferRun("best", 200, False, 1, 23).row.plan(["patients=200"]).patients == 200


def test_curve_is_read_from_a_history(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("epoch,auroc,seconds\n1,0.6,2.5\n2,0.8,2.0\n3,0.96,2.25\n")
    read = read_curve(RUN, tmp_path / "history.csv", films=70, batch_size=32)
    assert read.auroc == (0.6, 0.8, 0.96)
    assert read.images == (64, 128, 192)  # two whole batches an epoch
    assert read.seconds == (2.5, 4.5, 6.8)  # 6.75, rounded
    assert (read.start, read.end, read.images_to(0.7), read.images_to(0.99)) == (0.6, 0.96, 128, None)


def test_fewer_films_than_a_batch_are_one_batch(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("epoch,auroc,seconds\n1,0.6,2.5\n")
    assert read_curve(RUN, tmp_path / "history.csv", films=20, batch_size=32).images == (20,)


def test_mean_is_taken_epoch_by_epoch_and_the_middle_seed_says_when_the_level_was_reached() -> None:
    three = Bundle(50, True, (curve(0.6, 0.8, 0.96), curve(0.7, 0.96, 0.97, seed=1), curve(0.5, 0.7, 0.8, seed=2)))
    assert three.mean.auroc == pytest.approx((0.6, 0.82, 0.91))
    assert three.images_to_level == 192
    assert Bundle(50, True, (curve(0.6), curve(0.7))).images_to_level is None


def test_curves_are_bundled_by_patients_and_weights() -> None:
    found = bundles([curve(0.5), curve(0.6, is_pretrained=False), curve(0.7, seed=1)])
    assert [(one.patients, one.is_pretrained, len(one.curves)) for one in found] == [(50, True, 2), (50, False, 1)]
