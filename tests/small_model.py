"""The one model that the tests train: `cnn-scratch`, made very small."""

from __future__ import annotations

from pathlib import Path

from hilum.cli import run as hilum


def train_small(films: Path, run: Path, *more: str) -> int:
    """Train the small model by the command line; the exit status comes back."""
    changes = ["film.side=48", "network.widths=[16, 32, 64]", "train.epochs=4", "train.learning_rate=0.01"]
    options = [word for change in changes for word in ("--set", change)]
    workspace = run.parent / "workspace"
    return hilum(
        ["train", "cnn-scratch", str(films), "--output", str(run), "--workspace", str(workspace), *options, *more]
    )
