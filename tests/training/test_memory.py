"""A batch in pieces that fit: measured by real steps, and proven under a real cap."""

from __future__ import annotations

import mmap
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim import SGD

from hilum.errors import HilumError
from hilum.training import Machine
from hilum.training.losses import FilmLoss
from hilum.training.memory import Rehearsal, _candidates, largest_micro_batch, peak_bytes, resident_bytes
from hilum.training.step import Learner
from small_job import first_network, small_recipe

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`

MACHINE = Machine("cpu", "fp32", threads=1, workers=0)
CACHED = ("network.trained=head", "augment.views=2", "cache.enabled=true")
RECIPE = small_recipe("film.side=64", "train.batch_size=512", "train.epochs=1", "train.unfreeze_epoch=0")

UNDER_A_CAP = """
import resource, sys, json
from dataclasses import replace
import numpy as np
from pathlib import Path
from hilum.training.memory import largest_micro_batch, resident_bytes
from small_job import first_network, run, small_job, small_recipe

recipe = small_recipe("film.side=64", "train.batch_size=512", "train.epochs=1")
films = np.random.default_rng(0).integers(0, 256, (540, 64, 64), dtype=np.uint8)
job = small_job(
    Path(sys.argv[1]), recipe, pixels=films, is_pneumonia=np.arange(540) % 2 == 0,
    fit_rows=np.arange(512), select_rows=np.arange(512, 540),
)
data = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmData"))
room = 120_000_000
resource.setrlimit(resource.RLIMIT_DATA, (data + room, data + room))
if sys.argv[2] == "limited":
    piece = largest_micro_batch(first_network(recipe), recipe, job.machine, resident_bytes() + room)
    job = replace(job, machine=replace(job.machine, micro_batch=piece))
trained = run(job)
print(json.dumps({"epochs": len(trained.history), "piece": job.machine.micro_batch}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is read from /proc")
def test_run_under_a_memory_cap_ends_with_the_limit_and_dies_without(tmp_path: Path) -> None:
    def under_a_cap(how: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", UNDER_A_CAP, str(tmp_path / how), how]
        return subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True)

    assert under_a_cap("without").returncode != 0
    limited = under_a_cap("limited")
    assert limited.returncode == 0, limited.stderr
    assert '"epochs": 1' in limited.stdout and '"piece": 512' not in limited.stdout


def test_whole_batch_is_taken_where_there_is_room() -> None:
    recipe = small_recipe()
    assert largest_micro_batch(first_network(recipe), recipe, MACHINE, resident_bytes() + 10**9) == 8


@pytest.mark.parametrize("batch", [3, 5, 7, 9, 15, 32, 33])
@pytest.mark.parametrize("trained", ["all", "head"])
def test_no_size_leaves_one_film_to_a_norm_that_learns(batch: int, trained: str) -> None:
    recipe = small_recipe(f"train.batch_size={batch}", "network.head=concat", f"network.trained={trained}")
    sizes = _candidates(first_network(recipe), recipe)
    assert sizes == sorted(set(sizes)) and sizes[-1] == batch
    for size in sizes:
        rehearsal = Rehearsal(first_network(recipe), recipe, MACHINE)
        rehearsal.take(size)
        learner = Learner(rehearsal.module, SGD(rehearsal.module.parameters()), FilmLoss(), recipe, pieces_of(size))
        learner.step(torch.zeros((batch, 1, 32, 32)), torch.arange(batch) % 2 == 0, 0)  # refuses one film by itself


def pieces_of(size: int) -> Machine:
    return replace(MACHINE, micro_batch=size)


def test_cached_run_is_measured_as_it_is_run() -> None:
    recipe = small_recipe(*CACHED, "cache.engine=torch", "train.batch_size=64")
    classifier = first_network(recipe)
    seen: list[tuple[str, int, bool]] = []
    for name, layer in (("trunk", classifier.body.get_submodule("stem.0")), ("tail", classifier.head.last)):

        def look(layer: nn.Module, inputs: tuple[torch.Tensor], name: str = name) -> None:
            seen.append((name, len(inputs[0]), layer.training))

        layer.register_forward_pre_hook(look)
    rehearsal = Rehearsal(classifier, recipe, MACHINE)
    for piece, at_once in ((8, 8), (32, 16)):
        seen.clear()
        rehearsal.take(piece)
        steps = [("tail", 2, True), ("tail", piece, True), ("tail", piece, True)]
        assert seen == [("trunk", at_once, False), *steps, ("tail", at_once, False)]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the memory of a process is read from /proc")
def test_cached_run_takes_larger_pieces_than_the_whole_network_could() -> None:
    sizes = ("network.trained=head", "augment.views=1", "film.side=128", "train.batch_size=512")
    recipe = small_recipe(*sizes, "cache.enabled=true", "cache.engine=torch")
    room = resident_bytes() + 150_000_000
    cached = largest_micro_batch(first_network(recipe), recipe, MACHINE, room)
    uncached = small_recipe(*sizes)
    assert cached == 512 > 2 * largest_micro_batch(first_network(uncached), uncached, MACHINE, room)


def test_limit_that_is_taken_already_is_one_sentence() -> None:
    with pytest.raises(HilumError, match="Not even 2 films at a time"):
        largest_micro_batch(first_network(RECIPE), RECIPE, MACHINE, 10**6)


def test_device_without_measure_is_refused() -> None:
    with pytest.raises(HilumError, match="cannot be measured"):
        largest_micro_batch(first_network(RECIPE), RECIPE, Machine("mps", "fp32", 1, 0), 10**9)


def test_peak_holds_what_was_taken_and_given_back() -> None:
    before = resident_bytes()
    with mmap.mmap(-1, 2**26) as taken:  # fresh pages: an allocator may have kept some of earlier tests
        for page in range(0, len(taken), mmap.PAGESIZE):
            taken[page] = 1
    assert peak_bytes() >= before + 2**25
