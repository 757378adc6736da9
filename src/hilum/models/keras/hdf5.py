"""HDF5 from outside: texts and arrays come out, whatever the file is made of.

Only hard links are followed, so nothing outside the file is opened; only plain arrays are read, whose bytes lie in the
file as they are, so nothing grows while it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import h5py
import numpy as np
import numpy.typing as npt

from hilum.errors import HilumError
from hilum.files import printable

SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"
LARGEST_TEXT: Final = 16 << 20
_PLAIN: Final = (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)

Array = npt.NDArray[np.float32]


class Hdf5:
    """An opened HDF5 file. Every access that fails is one sentence with the file's name.

    Args:
        file: as h5py has opened it.
        name: how errors call it.
    """

    def __init__(self, file: h5py.File, name: str) -> None:
        self._file = file
        self.name = name

    def has(self, path: str) -> bool:
        """True where the file holds a group or an array at `path`."""
        with self._understood():
            return self._find(path) is not None

    def text(self, path: str, attribute: str) -> str:
        """A text that the group at `path` carries, or "" where it carries none of this name."""
        with self._understood():
            value = self._attribute(path, attribute)
            if isinstance(value, bytes):
                return value.decode("utf-8")
            return value if isinstance(value, str) else ""

    def texts(self, path: str, attribute: str) -> tuple[str, ...]:
        """A list of texts that the group carries, also where Keras had to divide it: NAME0, NAME1, ..."""
        with self._understood():
            whole = self._attribute(path, attribute)
            parts = [whole] if whole is not None else []
            while not parts or whole is None:
                part = self._attribute(path, f"{attribute}{len(parts)}")
                if part is None:
                    break
                parts.append(part)
            return tuple(
                text.decode("utf-8") if isinstance(text, bytes) else str(text)
                for part in parts
                for text in np.asarray(part).ravel().tolist()
            )

    def array(self, path: str, shape: tuple[int, ...]) -> Array:
        """The array at `path` as fp32.

        Raises:
            HilumError: nothing is there, it has another shape or type, is packed, lies elsewhere or holds no numbers.
        """
        with self._understood():
            found = self._find(path)
            if not isinstance(found, h5py.Dataset):
                raise self._refusal(
                    f"has no weights '{printable(path)}'", "every weight of the layers that it describes"
                )
            if found.shape != shape:
                raise self._refusal(
                    f"holds '{printable(path)}' as {_sides(found.shape)}", f"{_sides(shape)} by its description"
                )
            self._require_plain(found, path)
            values = np.asarray(found[()], dtype=np.float32)
        if not np.isfinite(values).all():
            raise self._refusal(f"holds values that are no numbers in '{printable(path)}'", "finite weights")
        return values

    def _require_plain(self, found: h5py.Dataset, path: str) -> None:
        settings = found.id.get_create_plist()
        is_plain = settings.get_layout() in _PLAIN and settings.get_external_count() == 0
        if found.dtype.kind != "f" or found.dtype.itemsize not in (2, 4, 8):
            raise self._refusal(f"holds '{printable(path)}' as {found.dtype}", "floating-point weights")
        if not is_plain or found.id.get_storage_size() != found.size * found.dtype.itemsize:
            raise self._refusal(
                f"holds '{printable(path)}' packed, elsewhere or not at all", "plain arrays, as Keras writes them"
            )

    def _attribute(self, path: str, attribute: str) -> Any:
        found = self._find(path)
        if found is None or attribute not in found.attrs:
            return None
        held = found.attrs.get_id(attribute)
        if 0 in held.shape:  # HDF5 knows no size of it
            return ()
        if held.get_storage_size() > LARGEST_TEXT:
            raise self._refusal(
                f"has an '{attribute}' of more than {LARGEST_TEXT >> 20} MiB", "a description of layers"
            )
        return found.attrs[attribute]

    def _find(self, path: str) -> h5py.Group | h5py.Dataset | None:
        """What lies at `path`, step by step, so that no step leaves the file."""
        found = self._file
        for step in filter(None, path.split("/")):
            link = found.get(step, getlink=True) if isinstance(found, h5py.Group) else None
            if link is None:
                return None
            if not isinstance(link, h5py.HardLink):
                raise self._refusal(
                    f"has a link at '{printable(path)}' that leads elsewhere", "weights in the file itself"
                )
            found = found[step]
        return found

    def _refusal(self, happened: str, expected: str) -> HilumError:
        return HilumError(
            f"'{printable(self.name)}' {happened}.",
            expected=expected,
            do="Save the whole model again where it was trained: model.save('model.keras')",
        )

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """h5py tells damage by many exceptions; here all of them are one sentence."""
        try:
            yield
        except (OSError, KeyError, ValueError, TypeError, RuntimeError, OverflowError, MemoryError) as error:
            raise damaged(self.name, error) from error


@contextmanager
def opened_hdf5(source: Path | BinaryIO, name: str) -> Iterator[Hdf5]:
    """The HDF5 file within this context.

    Raises:
        HilumError: it is damaged or cut short.
    """
    try:
        file = h5py.File(source, "r")
    except (OSError, ValueError, RuntimeError) as error:
        raise damaged(name, error) from error
    with file:
        yield Hdf5(file, name)


def damaged(name: str, error: Exception) -> HilumError:
    """The sentence for a file that cannot be read through."""
    reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    return HilumError(
        f"'{printable(name)}' is damaged or cut short: {printable(reason).rstrip('.')}.",
        expected="a complete file that Keras saved",
        do="Copy it again, or save it again where it was trained: model.save('model.keras')",
    )


def _sides(shape: tuple[int, ...] | None) -> str:
    """A shape for people.

    >>> _sides((3, 3, 64)), _sides(())
    ('3 x 3 x 64', 'one number')
    """
    return " x ".join(map(str, shape)) if shape else "one number"
