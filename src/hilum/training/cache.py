"""What a frozen trunk says of every view of every film, computed once and kept on disc.

One folder for each combination of weights, cut, films and views; in it one file a view, written beside and renamed,
each with its checksum. A run that is killed goes on at the next view; runs at the same time wait for each other and
share; whatever is damaged is made again.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import math
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import torch
from filelock import FileLock, Timeout

from hilum.engine import Engine
from hilum.errors import HilumError
from hilum.exporting import export_trunk
from hilum.files import explained, printable, sha256_of, write_atomically
from hilum.json_files import read_json, write_json
from hilum.models import Cut
from hilum.progress import Progress

Activations = npt.NDArray[Any]
Films = npt.NDArray[np.uint8]

KEY = "key.json"
BATCH = 16  # films a pass: larger batches were slower on two cores, as their maps leave the processor's caches


@dataclass(frozen=True, slots=True)
class Place:
    """Where caches lie, and how much room they may take together."""

    directory: Path
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class View:
    """Films that one file holds the activations of.

    Args:
        name: of the file.
        batches: gives the films as uint8 (b, 1, side, side), in their order, each time it is called.
    """

    name: str
    films: int
    batches: Callable[[], Iterable[torch.Tensor]]


@dataclass(frozen=True, slots=True)
class TrunkRun:
    """A trunk, what runs it, and the numbers that are kept."""

    cut: Cut
    side: int
    engine: str
    precision: str

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the numbers on disc."""
        return np.dtype(np.float16 if self.precision == "fp16" else np.float32)

    def bytes_of(self, films: int) -> int:
        """Room that the activations of so many films take."""
        return films * math.prod(self.cut.shape) * self.dtype.itemsize

    def forward(self) -> Callable[[torch.Tensor], npt.NDArray[np.float32]]:
        """The trunk as a function: films (b, 1, side, side) uint8 -> (b, *shape)."""
        if self.engine == "onnxruntime":
            graph = export_trunk(copy.deepcopy(self.cut.trunk).cpu(), self.side)
            engine = Engine(graph, "trunk", torch.get_num_threads())
            return lambda films: engine.run(films[:, 0].numpy(), ("activation",))["activation"]
        device = next(self.cut.trunk.parameters()).device

        def run(films: torch.Tensor) -> npt.NDArray[np.float32]:
            with torch.inference_mode():
                return self.cut.trunk(films.to(device)).float().cpu().numpy()  # type: ignore[no-any-return]

        return run


def open_activations(
    run: TrunkRun, views: list[View], key: dict[str, Any], place: Place, progress: Progress
) -> list[Activations]:
    """One (films, *shape) array a view, read-only and mapped into memory; what is not there yet is computed.

    Args:
        key: everything that the activations depend on, in JSON; another key is another folder.

    Raises:
        HilumError: they take more room than they may, the disc is full, or fp16 cannot hold them.
    """
    folder = place.directory / hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:32]
    needed = sum(run.bytes_of(view.films) for view in views)
    if needed > place.limit_bytes:
        raise _too_large(needed, place)
    with explained(place.directory, "write to"):
        folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder, progress):
        missing = [view for view in views if not _is_sound(folder / f"{view.name}.npy", view, run)]
        if missing:
            with _alone(place.directory / "room", progress):
                _make_room(place, folder, needed)
                write_json(folder / KEY, key | {"bytes": needed})
            _compute(run, folder, missing, progress)
        (folder / KEY).touch()  # the folder used longest ago goes first
        return [np.load(folder / f"{view.name}.npy", mmap_mode="r", allow_pickle=False) for view in views]


def _compute(run: TrunkRun, folder: Path, views: list[View], progress: Progress) -> None:
    """Run the trunk over the films of these views, a file a view."""
    forward = run.forward()
    with progress.bar("Frozen layers", sum(view.films for view in views)) as bar:
        for view in views:
            path = folder / f"{view.name}.npy"
            if path.exists():
                bar.say(f"The cache '{printable(path.name)}' is damaged and is made again.")
            checksum = hashlib.sha256()

            def pieces(view: View = view) -> Iterator[bytes]:
                yield _header(view, run)
                for films in view.batches():
                    yield _numbers(forward(films), run.dtype)
                    bar.advance(len(films))

            def write(file: BinaryIO, checksum: Any = checksum, pieces: Callable[[], Iterator[bytes]] = pieces) -> None:
                for piece in pieces():
                    checksum.update(piece)
                    file.write(piece)

            write_atomically(path, write)
            write_json(path.with_suffix(".json"), {"sha256": checksum.hexdigest()})


def _header(view: View, run: TrunkRun) -> bytes:
    header = io.BytesIO()
    facts = {"descr": run.dtype.str, "fortran_order": False, "shape": (view.films, *run.cut.shape)}
    np.lib.format.write_array_header_1_0(header, facts)
    return header.getvalue()


def _numbers(activation: npt.NDArray[np.float32], dtype: np.dtype[Any]) -> bytes:
    if dtype == np.float16 and np.abs(activation).max(initial=0) > np.finfo(np.float16).max:
        raise HilumError(
            f"The frozen layers say {np.abs(activation).max():.0f}, more than fp16 can hold.",
            expected=f"numbers up to {np.finfo(np.float16).max:.0f}",
            do="Use: --set cache.precision=fp32",
        )
    return np.ascontiguousarray(activation, dtype=dtype).tobytes()


def _is_sound(path: Path, view: View, run: TrunkRun) -> bool:
    """True where the file is whole: of the size that it must have and with the checksum that was written down."""
    try:
        size = len(_header(view, run)) + run.bytes_of(view.films)
        if not path.exists() or path.stat().st_size != size:
            return False
        return bool(read_json(path.with_suffix(".json")) == {"sha256": sha256_of(path)})
    except HilumError:
        return False


def _make_room(place: Place, folder: Path, needed: int) -> None:
    """Remove the caches used longest ago until `needed` bytes fit under the limit; those being computed stay."""
    others = [other for other in place.directory.iterdir() if other.is_dir() and other != folder]
    room = {other: _room_of(other) for other in others}
    for other in sorted(others, key=_last_use):
        if sum(room.values()) + needed <= place.limit_bytes:
            return
        with suppress(Timeout), FileLock(_lock(other), timeout=0):
            shutil.rmtree(other, ignore_errors=True)  # POSIX keeps what a run has mapped until that run ends
            if not other.exists():
                del room[other]
    if sum(room.values()) + needed > place.limit_bytes:
        raise _too_large(needed + sum(room.values()), place)


def _room_of(folder: Path) -> int:
    """Bytes that a cache takes, or will take once it is whole."""
    with suppress(HilumError, KeyError, TypeError):
        return int(read_json(folder / KEY)["bytes"])
    return sum(file.stat().st_size for file in folder.iterdir())


def _last_use(folder: Path) -> float:
    key = folder / KEY
    return key.stat().st_mtime if key.exists() else 0.0


def _lock(folder: Path) -> Path:
    """Beside the folder, so that removing the folder leaves the lock in its place."""
    return folder.with_suffix(".lock")


@contextmanager
def _alone(folder: Path, progress: Progress) -> Iterator[None]:
    """Within this context no other run touches the folder; while waiting it says so."""
    lock = FileLock(_lock(folder))
    try:
        lock.acquire(timeout=0.5)
    except Timeout:
        with progress.bar("Waiting for another run's frozen layers", 0):
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _too_large(needed: int, place: Place) -> HilumError:
    return HilumError(
        f"The cache of the frozen layers takes {needed / 1e9:.2f} GB.",
        expected=f"at most {place.limit_bytes / 1e9:.2f} GB",
        do="Raise --cache-limit, lower augment.views, use --set cache.precision=fp16, or leave the cache out: "
        "--set cache.enabled=false",
    )
