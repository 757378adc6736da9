"""The only place that opens an inference session: an ONNX file and arrays go in, arrays come out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hilum.errors import HilumError
from hilum.files import printable
from hilum.progress import Progress, Silent

Films = npt.NDArray[np.uint8]


def usable_cores() -> int:
    """Cores that this process may run on, which in a container can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Engine:
    """A graph, ready to run on the processor.

    Args:
        graph: the bytes of an ONNX file whose input is `film`, uint8 (n, 1, side, side).
        name: how an error calls it.
        threads: 0 takes every usable core.

    Raises:
        HilumError: the bytes are no such graph.
    """

    def __init__(self, graph: bytes, name: str, threads: int = 0) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or usable_cores()
        options.log_severity_level = 4  # what goes wrong is raised; nothing else is printed
        try:
            self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
            (film,) = self._session.get_inputs()
            self.side = int(film.shape[2])
        except Exception as error:  # ONNX Runtime's own exceptions have no common public base
            raise HilumError(
                f"'{printable(name)}' cannot be run: {str(error).splitlines()[0][:200]}.",
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
        """One pass. films: (n, side, side) uint8; each named output comes back with n as its first dimension."""
        answers = self._session.run(list(outputs), {"film": np.ascontiguousarray(films)[:, None]})
        return dict(zip(outputs, answers, strict=True))

    def logits(self, films: Films, batch_size: int = 32, progress: Progress | None = None) -> npt.NDArray[np.float64]:
        """(n,) logits of (n, side, side) uint8 films, which may be memory-mapped, in batches."""
        with (progress or Silent()).bar("Graph", len(films)) as bar:
            parts = []
            for start in _batch_starts(len(films), batch_size):
                parts.append(self.run(films[start : start + batch_size])["logit"])
                bar.advance(len(parts[-1]))
        return np.concatenate(parts).astype(np.float64) if parts else np.zeros(0)


def _batch_starts(total: int, batch_size: int) -> Iterator[int]:
    return iter(range(0, total, batch_size))
