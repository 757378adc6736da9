"""A file of squares mapped into memory: sent to another process by its name, and held as long as somebody reads it."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from hilum.errors import HilumError
from hilum.files import explained, printable


class MappedSquares(np.memmap[Any, np.dtype[np.uint8]]):
    """(n, side, side) uint8 of a file, read-only.

    NumPy pickles a mapped array with all that it shows. Where worker processes are spawned, as on macOS and Windows,
    each would be sent a copy of the films and keep it; this one is sent as path, shape and offset, and mapped again.
    What is computed from it is a plain array.
    """

    filename: str

    def __reduce__(self) -> Any:
        """How another process gets it; a part that does not lie in the file as it is goes by value."""
        mapping = getattr(self, "_mmap", None)
        if mapping is None or self.dtype != np.uint8 or not self.flags.c_contiguous:
            return np.asarray(self).__reduce__()
        start_of_file = np.frombuffer(mapping, np.uint8).ctypes.data
        return map_squares, (Path(self.filename), self.shape, self.ctypes.data - start_of_file)

    def __getitem__(self, index: Any) -> Any:
        """A view of the file, or a plain array where films were picked one by one."""
        part = super().__getitem__(index)
        return np.asarray(part) if isinstance(part, MappedSquares) and getattr(part, "_mmap", None) is None else part

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """What is computed from it is a plain array, or a plain number."""
        return np.asarray(array)[()] if return_scalar else np.asarray(array)


def map_squares(path: Path, shape: tuple[int, ...], offset: int) -> MappedSquares:
    """The squares in a file, `offset` bytes from its start; until they are let go, `remove_unless_held` leaves it.

    Raises:
        HilumError: the file cannot be read, or is too short.
    """
    with explained(path, "read"), path.open("rb") as file:
        _hold(file.fileno())
        try:
            squares = MappedSquares(file, np.uint8, "r", offset, shape)
        except ValueError as error:
            raise HilumError(
                f"'{printable(path)}' is too short for {shape[0]} films.",
                expected="the file as it was written",
                do="Run the same command again: it is made anew.",
            ) from error
    squares.filename = str(path.absolute())
    return squares


def remove_unless_held(path: Path) -> bool:
    """Remove a file of squares, and tell whether it is gone; one that any process has mapped stays.

    Under POSIX a removed file stays readable where it is mapped, but a worker spawned later would not find it.
    """
    with suppress(OSError):
        if sys.platform == "win32":  # which itself refuses to remove a mapped file
            path.unlink()
            return True
        import fcntl

        with path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            return True
    return False


def _hold(descriptor: int) -> None:
    """Mark the file as in use. The mapping keeps a copy of the descriptor, so the mark goes when the mapping goes."""
    if sys.platform != "win32":
        import fcntl

        with suppress(OSError):  # a disc without locks: its caches are left alone, too
            fcntl.flock(descriptor, fcntl.LOCK_SH)
