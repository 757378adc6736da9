"""One process, or several started by torchrun that take their share of every batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import distributed, nn

from hilum.errors import HilumError
from hilum.training.judging import EpochRow


@dataclass(frozen=True, slots=True)
class Processes:
    """This process's number among `count`. Number 0 writes files and finishes the run."""

    number: int = 0
    count: int = 1

    @property
    def writes(self) -> bool:
        """True for the one process that writes."""
        return self.number == 0

    def share(self, positions: list[npt.NDArray[np.int64]]) -> list[npt.NDArray[np.int64]]:
        """This process's films of each batch, as many as every other's: the mean over all stays the batch's mean."""
        return [group[: len(group) // self.count * self.count][self.number :: self.count] for group in positions]

    def together(self, network: nn.Module) -> nn.Module:
        """The network as the loop calls it: gradients are averaged over the processes."""
        return nn.parallel.DistributedDataParallel(network) if self.count > 1 else network

    def any_of(self, asked: bool, device: str) -> bool:
        """True in every process where it is true in one, so that all stop after the same step."""
        if self.count == 1:
            return asked
        answer = torch.tensor(float(asked), device=_of_exchange(device))
        distributed.all_reduce(answer, distributed.ReduceOp.MAX)
        return bool(answer.item())

    def mean(self, value: float, device: str) -> float:
        """The mean of a number over all processes, the same in each."""
        if self.count == 1:
            return value
        total = torch.tensor(value, dtype=torch.float64, device=_of_exchange(device))
        distributed.all_reduce(total)
        return float(total.item() / self.count)

    def take_first_buffers(self, network: nn.Module) -> None:
        """Put the buffers of process 0 into the network: each process's norms have seen other films.

        While learning they are exchanged before the next batch only; what is judged must be the same everywhere.
        """
        if self.count > 1:
            for buffer in network.buffers():
                whole = buffer.contiguous()  # a collective takes no other order of the dimensions
                distributed.broadcast(whole, 0)
                buffer.copy_(whole)

    def first_row(self, row: EpochRow, device: str) -> EpochRow:
        """The row of process 0: rates, the kept epoch and the end of a run follow from it, the same in each process."""
        if self.count == 1:
            return row
        figures = torch.tensor(astuple(row), dtype=torch.float64, device=_of_exchange(device))
        distributed.broadcast(figures, 0)
        epoch, *others = figures.tolist()
        return EpochRow(int(epoch), *others)

    def wait(self) -> None:
        """Return when every process has come this far."""
        if self.count > 1:
            distributed.barrier()


def _of_exchange(device: str) -> str:
    """Where numbers lie that processes exchange: NCCL takes them from the GPU alone, gloo from the processor."""
    return device if device.startswith("cuda") else "cpu"


@contextmanager
def joined_processes(batch_size: int, device: str) -> Iterator[Processes]:
    """Join the processes that torchrun started; a lone process needs nothing.

    Raises:
        HilumError: the batch cannot be shared evenly, which would change the mean loss; or another process has ended.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes()
        return
    if batch_size % count:
        raise HilumError(
            f"A batch of {batch_size} films cannot be shared evenly by {count} processes.",
            expected="a multiple of the number of processes",
            do=f"Use: --set train.batch_size={max(1, batch_size // count) * count}",
        )
    if device.startswith("cuda"):
        torch.cuda.set_device(device)  # a barrier takes the present device, which is the first one in every process
    distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    try:
        yield Processes(distributed.get_rank(), count)
    except RuntimeError as error:
        if not (isinstance(error, distributed.DistError) or "by peer" in str(error)):  # as gloo says that one has gone
            raise
        raise HilumError(
            f"This process has lost the others of its run: {str(error).splitlines()[0]}",
            expected="every process to go on to the end",
            do="See what the others said.",
        ) from error
    finally:
        distributed.destroy_process_group()
