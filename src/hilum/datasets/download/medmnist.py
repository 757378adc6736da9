"""MedMNIST files as a folder of films, so that every command takes them like any other."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from hilum.datasets.download.archives import survey
from hilum.errors import HilumError
from hilum.files import explained, printable, whole_folder
from hilum.progress import Progress, Silent

PARTS = ("train", "val", "test")
"""The parts of a MedMNIST file, in its order."""


def unfold(npz: Path, target: Path, progress: Progress = Silent()) -> int:
    """Write the films of a PneumoniaMNIST file as PNG under train|val|test / NORMAL|PNEUMONIA; gives their number.

    The number in a film's name is its place in the file; MedMNIST does not tell the patients.

    Args:
        npz: with `train_images` (n, side, side) uint8 and `train_labels` (n, 1), 1 for pneumonia; val and test alike.
        target: the new folder; it appears whole or not at all.
        progress: where the bar is shown.

    Raises:
        HilumError: the file is damaged, hostile or another one, or the disc is unwilling.
    """
    survey(npz)
    parts = {part: _films_of(npz, part) for part in PARTS}
    number = sum(len(images) for images, _ in parts.values())
    with whole_folder(target) as folder, progress.bar(f"Writing films of {npz.name}", number) as bar:
        for part, (images, is_pneumonia) in parts.items():
            for name in ("NORMAL", "PNEUMONIA"):
                with explained(folder, "write"):
                    (folder / part / name).mkdir(parents=True)
            for index, (image, positive) in enumerate(zip(images, is_pneumonia, strict=True)):
                path = folder / part / ("PNEUMONIA" if positive else "NORMAL") / f"{part}-{index:05d}.png"
                with explained(path, "write"):
                    Image.fromarray(image).save(path)
                bar.advance()
    return number


def _films_of(npz: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """(n, side, side) uint8 and (n,) bool of one part."""
    try:
        with explained(npz, "read"), np.load(npz, allow_pickle=False) as arrays:
            images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"].reshape(-1)
    except (KeyError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise _no_pneumoniamnist(npz) from error
    if (
        images.dtype != np.uint8
        or images.ndim != 3
        or labels.shape != images.shape[:1]
        or not np.isin(labels, (0, 1)).all()
    ):
        raise _no_pneumoniamnist(npz)
    return images, labels == 1


def _no_pneumoniamnist(npz: Path) -> HilumError:
    return HilumError(
        f"'{printable(npz)}' is no PneumoniaMNIST file.",
        expected="grey images and labels 0 or 1 for train, val and test",
        do="Remove it and fetch it again.",
    )
