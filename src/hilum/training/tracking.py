"""The fit history for TensorBoard, where it is installed and asked for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from hilum.errors import missing_extra
from hilum.training.judging import EpochRow

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

EVENTS = "tensorboard"


class Tracker:
    """Writes every figure of an epoch as a scalar under its own name, into the run folder's "tensorboard".

    Used as a context, so that the last epoch is on disc when a run ends or stops. After a resume the whole history is
    written again, and TensorBoard is told to forget what it had.

    Args:
        directory: the run folder.

    Raises:
        HilumError: TensorBoard is not installed.
    """

    def __init__(self, directory: Path) -> None:
        if find_spec("tensorboard") is None:
            raise missing_extra("Writing for TensorBoard", "tensorboard")
        self.directory = directory / EVENTS
        self.written = 0
        self.writer: SummaryWriter | None = None

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.writer:
            with suppress(OSError):  # a full disc must not hide why the run ended
                self.writer.close()

    def __call__(self, rows: Sequence[EpochRow]) -> None:
        """Write the epochs that have not been written yet."""
        if self.writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self.writer = SummaryWriter(str(self.directory), purge_step=1)
        for row in rows[self.written :]:
            for name, value in asdict(row).items():
                if name != "epoch":
                    self.writer.add_scalar(name, value, row.epoch)
        self.writer.flush()
        self.written = len(rows)
