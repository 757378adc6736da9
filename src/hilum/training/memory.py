"""The largest piece of a batch whose step stays under a memory limit, found by taking steps and measuring them.

The batch that counts stays as the recipe has it: its pieces' gradients are added up before the one update.
"""

from __future__ import annotations

import copy
import ctypes
import gc
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from subprocess import PIPE, Popen
from tempfile import TemporaryFile
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hilum.errors import HilumError
from hilum.models import (
    FilmClassifier,
    LogitOfFilms,
    build_network,
    cut_network,
    freeze,
    set_training_mode,
    unfreeze,
)
from hilum.progress import Progress, Silent
from hilum.recipe import Recipe
from hilum.training.cache import BATCH, TrunkRun
from hilum.training.device import Machine, keep_freed_memory, make_deterministic, move
from hilum.training.feed import JUDGED_AT_ONCE, trunk_engine
from hilum.training.loop import build_optimisation
from hilum.training.losses import FilmLoss
from hilum.training.schedules import set_rates
from hilum.training.step import Learner

TOO_MUCH = 77
"""Exit status of a measuring process that has taken more than it was allowed."""

OUT_OF_MEMORY = ("memory", "could not create a primitive")
"""What torch and oneDNN say when they get no more of it; oneDNN gives no other reason for the second."""


def largest_micro_batch(
    classifier: FilmClassifier, recipe: Recipe, machine: Machine, limit_bytes: int, progress: Progress | None = None
) -> int:
    """How many films may go through the network at a time for the whole process to stay under the limit.

    The answer is the batch of this process, or a power of two below it; sizes are tried from the smallest up, so that
    the limit is never passed by much. Where layers are unfrozen later, the steps afterwards are measured.

    Args:
        limit_bytes: on a processor, of the process's resident memory: what it holds now, and what a step takes beside
            it, measured in a process of its own. On CUDA, of what torch reserves; the driver's own share is beside it.

    Raises:
        HilumError: not even the smallest piece fits, or the device's memory cannot be measured.
    """
    if machine.device == "mps":
        raise HilumError(
            "The memory of the device 'mps' cannot be measured.",
            expected="cpu or cuda",
            do="Choose a smaller train.batch_size instead of a memory limit.",
        )
    pieces = _candidates(classifier, recipe)
    on_cuda = machine.device.startswith("cuda")
    taken = 0 if on_cuda else resident_bytes()
    measured = (_measured_on_cuda if on_cuda else _measured_on_the_processor)(
        classifier, recipe, machine, pieces, limit_bytes - taken
    )
    largest = 0
    with (progress or Silent()).bar("Memory", len(pieces)) as bar:
        for piece, grown in zip(pieces, measured, strict=False):
            if grown > limit_bytes - taken:
                break
            largest = piece
            bar.advance(1, f"{piece} films at a time: {in_words(taken + grown)}")
    if not largest:
        raise HilumError(
            f"Not even {pieces[0]} films at a time can be trained on within {in_words(limit_bytes)}"
            + (f"; {in_words(taken)} are taken already." if taken else "."),
            expected="a higher limit, or a smaller network",
            do="Raise --memory-limit, or lower film.side.",
        )
    return largest


def _candidates(classifier: FilmClassifier, recipe: Recipe) -> list[int]:
    """The sizes to try: powers of two and the whole batch of this process, ascending."""
    processes = distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1
    batch = max(1, recipe.train.batch_size // processes)
    norms_see_the_batch = any(
        isinstance(module, _BatchNorm) and (recipe.train.unfreeze_epoch or _learns(module))
        for module in classifier.modules()
    )
    smallest = min(batch, 2 if norms_see_the_batch else 1)  # a batch norm has no spread to learn from one film
    powers = [smallest * 2**power for power in range(batch.bit_length()) if smallest * 2**power < batch]
    return [size for size in powers if _smallest_piece(batch, size) >= smallest] + [batch]


def _smallest_piece(batch: int, size: int) -> int:
    """Films in the smallest of the pieces, as even as can be, that a batch is taken in; none is larger than `size`."""
    return batch // -(-batch // size)


def _learns(module: nn.Module) -> bool:
    return any(parameter.requires_grad for parameter in module.parameters())


class Rehearsal:
    """What a run takes memory for, on random films: learning, judging, and the pass of frozen layers that are cached.

    The engine of that pass is kept from one size to the next, as making it takes seconds; it is counted in each.
    """

    def __init__(self, classifier: FilmClassifier, recipe: Recipe, machine: Machine) -> None:
        self.classifier, self.recipe, self.machine = classifier, recipe, machine
        move(classifier, machine.device)
        self.module: nn.Module = LogitOfFilms(classifier)
        self.shape: tuple[int, ...] = (1, recipe.film.side, recipe.film.side)
        self.trunk: Callable[[Tensor], object] | None = None
        self.judged_at_once = JUDGED_AT_ONCE
        if recipe.cache.enabled:
            cut = cut_network(classifier, recipe.film.side)
            engine = trunk_engine(recipe, machine.device)
            self.trunk = TrunkRun(cut, recipe.film.side, engine, recipe.cache.precision).forward()
            self.module, self.shape, self.judged_at_once = cut.tail, cut.shape, BATCH

    def take(self, piece: int) -> None:
        """Two steps, a judging, and a pass of the frozen layers where they are cached, `piece` films at a time.

        The first step makes the optimizer complete, on two films; the second holds everything at once with the second
        of its pieces. More of a batch is needed only by mixup, which blends all of it.
        """
        recipe, side = self.recipe, self.recipe.film.side
        if self.trunk:
            self.trunk(torch.zeros((min(BATCH, piece), 1, side, side), dtype=torch.uint8))
        optimisation = build_optimisation(self.classifier, recipe.train)
        set_rates(optimisation.optimizer, 0.0)  # or many sizes after one another could diverge
        if recipe.train.unfreeze_epoch:
            unfreeze(self.classifier)
        set_training_mode(self.classifier)
        machine = replace(self.machine, micro_batch=piece)
        learner = Learner(self.module, optimisation.optimizer, FilmLoss(), recipe, machine)
        inputs = self._inputs(recipe.train.batch_size if recipe.augment.mixup else max(2, 2 * piece))
        for step, count in enumerate((2, len(inputs))):
            learner.step(inputs[:count], torch.arange(len(inputs[:count])) % 2 == 0, step)
            if optimisation.average:
                optimisation.average.update(step)
        self.classifier.eval()
        with torch.no_grad():
            self.module(self._inputs(min(self.judged_at_once, piece)).to(self.machine.device))

    def _inputs(self, count: int) -> Tensor:
        """(count, ...) films, or what frozen layers might say of them."""
        count = min(count, self.recipe.train.batch_size)
        if self.trunk:
            return torch.rand((count, *self.shape))
        return torch.randint(0, 256, (count, *self.shape), dtype=torch.uint8)


def _measured_on_cuda(
    classifier: FilmClassifier, recipe: Recipe, machine: Machine, pieces: list[int], allowed: int
) -> Iterator[int]:
    """What torch reserves for each size, until one takes more than is allowed."""
    device = torch.device(machine.device)
    total = torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, allowed / total), device)
    rehearsal: Rehearsal | None = None
    try:
        for piece in pieces:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(device)
            rehearsal = rehearsal or Rehearsal(copy.deepcopy(classifier), recipe, machine)
            rehearsal.take(piece)
            yield torch.cuda.max_memory_reserved(device)
    except torch.cuda.OutOfMemoryError:
        return
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)
        torch.cuda.empty_cache()


def _measured_on_the_processor(
    classifier: FilmClassifier, recipe: Recipe, machine: Machine, pieces: list[int], allowed: int
) -> Iterator[int]:
    """By how much a process of its own grows with each size, until one takes more than is allowed."""
    if allowed <= 0:
        return
    asked = {"recipe": recipe.model_dump(mode="json"), "machine": asdict(machine), "pieces": pieces, "allowed": allowed}
    code = "from hilum.training.memory import measure_for_parent; measure_for_parent()"
    with (
        TemporaryFile("w+") as errors,
        Popen([sys.executable, "-c", code, json.dumps(asked)], stdout=PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout is not None
        yield from (int(line) for line in process.stdout)
        # A signal is how the kernel ends what takes too much, and how a library ends that gets nothing more.
        if process.wait() > 0 and process.returncode != TOO_MUCH:
            errors.seek(0)
            last = (errors.read().strip().splitlines() or ["no reason was given"])[-1]
            raise HilumError(
                f"The memory of a training step could not be measured: {last}",
                expected="two steps on random films",
                do="Train without --memory-limit, with a smaller train.batch_size.",
            )


def measure_for_parent() -> None:
    """Write by how much this process grows with each size that its first argument names, one line a size.

    It ends itself as soon as it has taken more than it was allowed, before the machine runs short.
    """
    asked: dict[str, Any] = json.loads(sys.argv[1])
    recipe, machine = Recipe.model_validate(asked["recipe"]), Machine(**asked["machine"])
    before = resident_bytes()
    threading.Thread(target=_end_above, args=(before + asked["allowed"],), daemon=True).start()
    make_deterministic(machine)
    keep_freed_memory()
    rehearsal: Rehearsal | None = None
    for piece in asked["pieces"]:
        forget_peak()
        try:
            rehearsal = rehearsal or Rehearsal(_network_of_that_size(recipe), recipe, machine)
            rehearsal.take(piece)
        except (MemoryError, RuntimeError) as error:
            if isinstance(error, MemoryError) or any(words in str(error).lower() for words in OUT_OF_MEMORY):
                os._exit(TOO_MUCH)
            raise
        sys.stdout.write(f"{max(0, peak_bytes() - before)}\n")
        sys.stdout.flush()


def _network_of_that_size(recipe: Recipe) -> FilmClassifier:
    """The recipe's network with random weights, frozen as it says: its values change no size."""
    classifier = build_network(recipe.network, recipe.film.side)
    freeze(classifier, recipe.network)
    return classifier


def _end_above(limit_bytes: int) -> None:
    while resident_bytes() <= limit_bytes:
        time.sleep(0.01)
    os._exit(TOO_MUCH)


def resident_bytes() -> int:
    """Memory that this process holds at present; where the system does not tell, the most that it has held."""
    return _from_status("VmRSS") or _from_usage()


def peak_bytes() -> int:
    """The most memory that this process has held."""
    return _from_status("VmHWM") or _from_usage()


def forget_peak() -> None:
    """Give freed memory back and begin a new peak, where the system can: else a peak is that of all before, too."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def in_words(size: float) -> str:
    """A number of bytes as people read it.

    >>> in_words(4e9), in_words(123_456_789)
    ('4.0 GB', '123 MB')
    """
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _from_status(name: str) -> int:
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return 0


def _from_usage() -> int:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
