"""Frozen layers computed once: the same numbers whatever happens to the files, and never more room than allowed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hilum.errors import HilumError
from hilum.models import build_network, cut_network, freeze
from hilum.progress import Silent
from hilum.recipe import Network
from hilum.training.cache import Activations, Place, TrunkRun, View, open_activations

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

FILMS = torch.randint(0, 256, (20, 1, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
PLENTY = 1_000_000


class Counting:
    """The films of a view, and how often they were asked for."""

    def __init__(self, films: torch.Tensor) -> None:
        self.films, self.times = films, 0

    def __call__(self) -> Iterable[torch.Tensor]:
        self.times += 1
        return torch.split(self.films, 8)


@pytest.fixture
def run() -> TrunkRun:
    torch.manual_seed(0)
    network = Network(architecture="small-cnn", trained="head", widths=(16, 16))
    classifier = build_network(network, 32)
    freeze(classifier, network)
    return TrunkRun(cut_network(classifier, 32), 32, "torch", "fp32")


@pytest.fixture
def views() -> list[Counting]:
    return [Counting(FILMS), Counting(FILMS.flip(3))]


def opened(run: TrunkRun, views: list[Counting], directory: Path, limit: int = PLENTY, key: str = "") -> Activations:
    named = [View(f"view-{number}", len(view.films), view) for number, view in enumerate(views)]
    return np.stack(open_activations(run, named, {"key": key}, Place(directory, limit), Silent()))


def files(directory: Path, pattern: str) -> list[Path]:
    return sorted(directory.glob(f"*/{pattern}"))


def test_activations_are_what_the_trunk_says_of_every_film(
    run: TrunkRun, views: list[Counting], tmp_path: Path
) -> None:
    with torch.no_grad():
        said = np.stack([run.cut.trunk(view.films).numpy() for view in views])
    np.testing.assert_allclose(opened(run, views, tmp_path), said, rtol=1e-5, atol=1e-6)


def test_second_run_computes_nothing(run: TrunkRun, views: list[Counting], tmp_path: Path) -> None:
    first = opened(run, views, tmp_path)
    assert np.array_equal(opened(run, views, tmp_path), first)
    assert [view.times for view in views] == [1, 1]


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def one_bit_flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-7] ^= 0b100
    path.write_bytes(content)


def filled_up(path: Path) -> None:
    path.write_bytes(path.read_bytes() + bytes(100))


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def without_checksum(path: Path) -> None:
    path.with_suffix(".json").write_text("{")


@pytest.mark.parametrize("damage", [cut_short, one_bit_flipped, filled_up, emptied, without_checksum, Path.unlink])
def test_damaged_file_is_made_again_and_the_other_is_kept(
    run: TrunkRun, views: list[Counting], tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    first = opened(run, views, tmp_path)
    damage(files(tmp_path, "view-1.npy")[0])
    assert np.array_equal(opened(run, views, tmp_path), first)
    assert [view.times for view in views] == [1, 2]


def test_runs_at_the_same_time_compute_once_and_share(run: TrunkRun, views: list[Counting], tmp_path: Path) -> None:
    answers: list[Activations] = []
    runs = [threading.Thread(target=lambda: answers.append(opened(run, views, tmp_path))) for _ in range(3)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    assert [view.times for view in views] == [1, 1]
    assert all(np.array_equal(answer, answers[0]) for answer in answers) and len(answers) == 3


def test_half_precision_takes_half_the_room(run: TrunkRun, views: list[Counting], tmp_path: Path) -> None:
    whole = opened(run, views, tmp_path / "whole")
    half = opened(replace(run, precision="fp16"), views, tmp_path / "half")
    assert half.dtype == np.float16
    np.testing.assert_allclose(half, whole, rtol=1e-3, atol=1e-6)


def test_number_that_half_precision_cannot_hold_is_refused(
    run: TrunkRun, views: list[Counting], tmp_path: Path
) -> None:
    with torch.no_grad():
        for part in run.cut.trunk.modules():
            if isinstance(part, torch.nn.BatchNorm2d):
                part.bias.fill_(1e6)
    with pytest.raises(HilumError, match="more than fp16 can hold"):
        opened(replace(run, precision="fp16"), views, tmp_path)
    assert not files(tmp_path, "*.npy")


def test_onnx_runtime_says_what_torch_says(run: TrunkRun, views: list[Counting], tmp_path: Path) -> None:
    by_torch = opened(run, views, tmp_path / "torch")
    by_graph = opened(replace(run, engine="onnxruntime"), views, tmp_path / "graph")
    np.testing.assert_allclose(by_graph, by_torch, rtol=1e-4, atol=1e-5)


def test_cache_larger_than_its_limit_is_refused_before_anything_is_computed(
    run: TrunkRun, views: list[Counting], tmp_path: Path
) -> None:
    with pytest.raises(HilumError, match="--cache-limit"):
        opened(run, views, tmp_path, limit=2 * 20 * 16 * 4 - 1)
    assert [view.times for view in views] == [0, 0]


def test_cache_used_longest_ago_makes_room(run: TrunkRun, views: list[Counting], tmp_path: Path) -> None:
    room_of_two = 2 * (2 * 20 * 16 * 4)
    for key in ("a", "b"):
        opened(run, views, tmp_path, room_of_two, key)
    for path in files(tmp_path, "key.json"):
        os.utime(path, (0, 0))
    opened(run, views, tmp_path, room_of_two, "a")  # used again: now b is the older one
    opened(run, views, tmp_path, room_of_two, "c")
    assert sorted(json.loads(path.read_text())["key"] for path in files(tmp_path, "key.json")) == ["a", "c"]


def test_full_disc_is_one_sentence_and_leaves_no_part(run: TrunkRun, small_disc: Path) -> None:
    many = [Counting(FILMS.repeat(60, 1, 1, 1))]
    with pytest.raises(HilumError, match="No space left on device"):
        opened(run, many, small_disc)
    assert not files(small_disc, "*.npy") and not files(small_disc, "*part*")


def test_folder_that_cannot_be_made_is_one_sentence(run: TrunkRun, views: list[Counting], tmp_path: Path) -> None:
    (tmp_path / "caches").write_text("a file in its place")
    with pytest.raises(HilumError, match="Could not write to"):
        opened(run, views, tmp_path / "caches")
