"""Rows of the reproduction made very small, and run in this process: what is under test is what is run, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from safetensors.torch import save_file

from hilum.cli import run as hilum
from hilum.models import build_network
from hilum.recipe import read_recipe
from hilum.reproduction.child import Ended

CHANGES = (
    "network.architecture=small-cnn",
    "network.widths=[16, 32]",
    "film.side=48",
    "train.epochs=2",
    "train.learning_rate=0.01",
)


def as_options(changes: Sequence[str] = CHANGES) -> list[str]:
    """The changes as words of a command line."""
    return [word for change in changes for word in ("--set", change)]


def write_small_weights(folder: Path) -> Path:
    """A folder with "pretrained" weights of the small network; those of all others are not at hand."""
    folder.mkdir()
    classifier = build_network(read_recipe("best", CHANGES).network, 48)
    save_file(classifier.body.state_dict(), folder / "small-cnn.safetensors")
    return folder


@dataclass
class Here:
    """Runs commands in this process in place of `run_hilum`, remembers them, and fails where it is told to.

    Args:
        before: called with the words before each command; what it raises is a kill of the whole reproduction.
    """

    before: Callable[[Sequence[str]], None] = lambda words: None
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def __call__(self, words: Sequence[str], stop: object = None, keep_open: Sequence[int] = ()) -> Ended:
        """As `run_hilum`; seconds and memory are made up."""
        self.before(words)
        self.ran.append(tuple(words))
        with redirect_stdout(StringIO()):
            return Ended(hilum(words), 2.0, 300_000_000, "")

    def names(self, verb: str) -> list[str]:
        """The rows for which a verb was run, in order."""
        place = "--output"
        return [Path(words[words.index(place) + 1]).parent.name for words in self.ran if words[0] == verb]
