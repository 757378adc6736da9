"""A folder for what a command writes: made and tried before the work, and never one that holds something else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hilum.errors import HilumError
from hilum.files import explained, printable


def room_in(folder: Path, names: Sequence[str], is_ours: Callable[[], bool], expected: str) -> Path:
    """The folder, made before anything is looked at: a look whose figures cannot be kept would be wasted.

    Args:
        folder: where the files will lie.
        names: of these files.
        is_ours: says whether files of these names that lie there already may be replaced; asked only where there are.
        expected: what may lie there, in words.

    Raises:
        HilumError: the folder takes no file, or holds files of these names that are not ours.
    """
    with explained(folder, "write to"):
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder):  # a folder that exists may still take no file
            pass
    held = [name for name in names if (folder / name).exists()]
    if held and not is_ours():
        raise HilumError(
            f"'{printable(folder)}' holds '{held[0]}' of something else.",
            expected=f"an empty folder, or {expected}",
            do="Name another folder with --output.",
        )
    return folder
