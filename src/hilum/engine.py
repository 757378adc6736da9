"""The only place that opens an inference session: an ONNX file and arrays go in, arrays come out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import numpy.typing as npt

from hilum.errors import HilumError
from hilum.files import printable
from hilum.progress import Progress, Silent

Films = npt.NDArray[np.uint8]
MOST_THREADS = 1024

FEATURE_DISTANCE = "feature_distance"
"""The output that says how far a film lies from the fit films, in graphs that have a gate."""


def _onnxruntime() -> ModuleType:
    """The library, with its telemetry off.

    The Linux wheel of 1.31 writes an id of this machine into the user's cache as it is imported, and would send it
    with what it runs to its makers; hilum promises that nothing leaves a machine unasked.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    return import_module("onnxruntime")


def usable_cores() -> int:
    """Cores that this process may run on, which in a container can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Engine:
    """A graph, ready to run on the processor.

    Args:
        graph: the bytes of an ONNX file whose input is `film`, uint8 (n, 1, side, side).
        name: how an error calls it.
        threads: at most `MOST_THREADS`; 0 takes every usable core.

    Raises:
        HilumError: the bytes are no such graph, or there is no such number of threads.
    """

    def __init__(self, graph: bytes, name: str, threads: int = 0) -> None:
        onnxruntime = _onnxruntime()
        require_threads(threads)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or usable_cores()
        options.log_severity_level = 4  # what goes wrong is raised; nothing else is printed
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            (film,) = self._session.get_inputs()
            _, channels, self.side, width = film.shape
            if (film.name, film.type, channels, width) != ("film", "tensor(uint8)", 1, int(self.side)):
                raise ValueError(f"its input is '{film.name}', {film.type} {film.shape}")
        except Exception as error:  # ONNX Runtime's own exceptions have no common public base
            raise HilumError(
                f"'{printable(name)}' cannot be run: {_first_line(error)}.",
                expected="a graph that hilum exported",
                do="Export or fetch the model again.",
            ) from error
        self.outputs = tuple(output.name for output in self._session.get_outputs())

    @classmethod
    def open(cls, path: Path, threads: int = 0) -> Engine:
        """The engine of an ONNX file."""
        from hilum.files import explained

        with explained(path, "read"):
            graph = path.read_bytes()
        return cls(graph, str(path), threads)

    def run(self, films: Films, outputs: tuple[str, ...] = ("logit",)) -> dict[str, npt.NDArray[np.float32]]:
        """One pass. films: (n, side, side) uint8; each named output comes back with n as its first dimension.

        Raises:
            HilumError: films of another shape or type, or an output that the graph does not have.
        """
        self._require_films(films)
        if strangers := [name for name in outputs if name not in self.outputs]:
            raise HilumError(
                f"The graph has no output '{strangers[0]}'.",
                expected=f"outputs among {', '.join(self.outputs)}",
                do="Export or fetch the model again.",
            )
        answers = self._session.run(list(outputs), {"film": np.ascontiguousarray(films)[:, None]})
        return dict(zip(outputs, answers, strict=True))

    def logits(self, films: Films, batch_size: int = 32, progress: Progress | None = None) -> npt.NDArray[np.float64]:
        """(n,) logits of (n, side, side) uint8 films, which may be memory-mapped, in batches."""
        return self.values("logit", films, batch_size, progress)

    def values(
        self, output: str, films: Films, batch_size: int = 32, progress: Progress | None = None
    ) -> npt.NDArray[np.float64]:
        """One output that holds a number, or a row of them, for each film; as `logits` in all else."""
        self._require_films(films)
        if batch_size < 1:
            raise HilumError(
                f"Got a batch of {batch_size} films.", expected="at least one film a batch", do="Take 32, for instance."
            )
        with (progress or Silent()).bar("Graph", len(films)) as bar:
            parts = []
            for start in _batch_starts(len(films), batch_size):
                parts.append(self.run(films[start : start + batch_size], (output,))[output])
                bar.advance(len(parts[-1]))
        return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)

    def _require_films(self, films: Films) -> None:
        if films.ndim != 3 or films.shape[1:] != (self.side, self.side) or films.dtype != np.uint8:
            raise HilumError(
                f"Got films of the shape {films.shape} and type {films.dtype}.",
                expected=f"(n, {self.side}, {self.side}) and uint8",
                do="Make squares of them first: hilum.images.to_square.",
            )


def require_threads(threads: int) -> None:
    """Refuse a number of threads that no session takes.

    Raises:
        HilumError: below 0 or above `MOST_THREADS`.
    """
    if not 0 <= threads <= MOST_THREADS:
        raise HilumError(
            f"Got {threads} threads.",
            expected=f"a number from 0, which takes every core, to {MOST_THREADS}",
            do=f"This machine has {usable_cores()} cores for it: leave the number out or name fewer.",
        )


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(".")


def _batch_starts(total: int, batch_size: int) -> Iterator[int]:
    return iter(range(0, total, batch_size))
