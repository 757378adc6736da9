"""Where a step runs and in which arithmetic: decided once, written down, and the same after a resume."""

from __future__ import annotations

import ctypes
import os
import platform
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import torch
from torch import nn

from hilum.engine import usable_cores
from hilum.errors import HilumError, nearest


@dataclass(frozen=True, slots=True)
class Machine:
    """The means of a training run.

    Args:
        device: "cpu", "cuda", "cuda:1" or "mps".
        precision: "fp32" or "bf16".
        threads: of torch's operators; another number can round sums otherwise, so a resume keeps it.
        workers: processes that augment films; they change no result.
        micro_batch: films a pass where memory is short; 0 takes a batch at once. Batch norms see each piece alone.
    """

    device: str
    precision: str
    threads: int
    workers: int
    micro_batch: int = 0

    def again(self, now: Machine) -> Machine:
        """These means for a resume that was started with `now`: what changes no result may differ.

        That are the workers and the device's number: under torchrun each process has its own.

        Raises:
            HilumError: other means were asked for.
        """
        if (torch.device(now.device).type, now.threads) != (torch.device(self.device).type, self.threads):
            raise HilumError(
                f"The run was begun on '{self.device}' with {self.threads} threads and would go on, on '{now.device}' "
                f"with {now.threads}.",
                expected="the same means, because others round otherwise",
                do=f"Go on with: --device {torch.device(self.device).type} --threads {self.threads}",
            )
        return replace(self, device=now.device, workers=now.workers)

    @property
    def kind(self) -> str:
        """The kind of processor in words, for results; never a host's name."""
        if self.device.startswith("cuda"):
            return torch.cuda.get_device_name(torch.device(self.device))
        return f"{processor_name()}, {self.threads} threads"


def choose_machine(device: str = "auto", precision: str = "auto", threads: int = 0, workers: int = -1) -> Machine:
    """The machine to train on: CUDA, then MPS, then the processor, unless a device is named.

    Under torchrun each process takes the CUDA device of its own number.

    Raises:
        HilumError: the device is unknown or not there, or a number is negative.
    """
    if threads < 0 or workers < -1:
        raise HilumError(
            f"Got {threads} threads and {workers} workers.",
            expected="numbers of 0 or more (-1 workers chooses)",
            do="Leave both out to have them chosen.",
        )
    chosen = _best_device() if device == "auto" else device
    if chosen == "cuda" and "LOCAL_RANK" in os.environ:
        chosen = f"cuda:{os.environ['LOCAL_RANK']}"
    require_device(chosen)
    cores = usable_cores()
    return Machine(
        device=chosen,
        precision=_best_precision(chosen) if precision == "auto" else precision,
        threads=threads or cores,
        workers=max(1, min(8, cores - 1)) if workers < 0 else workers,
    )


def processor_has_bf16(flags: str | None = None) -> bool:
    """True where the processor multiplies bf16 in hardware (AVX512-BF16 or AMX).

    Elsewhere torch emulates it: on an AVX2 processor a forward pass was measured 7 times slower than in fp32.

    Args:
        flags: text that names the processor's features; read from the system if not given.
    """
    if flags is None:
        flags = ""
        with suppress(OSError):
            flags = Path("/proc/cpuinfo").read_text()
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(flags.split())


def processor_name() -> str:
    """The processor's name with its widest arithmetic, such as "AMD EPYC (avx512_bf16)"."""
    name, flags = platform.machine(), ""
    with suppress(OSError):
        flags = Path("/proc/cpuinfo").read_text()
        name = next(line.partition(":")[2].strip() for line in flags.splitlines() if line.startswith("model name"))
    widest = next((flag for flag in ("amx_bf16", "avx512_bf16", "avx512f", "avx2") if flag in flags.split()), "")
    return f"{name} ({widest})" if widest else name


def make_deterministic(machine: Machine) -> None:
    """Ask torch for the same result on every run with this machine, data and seed."""
    torch.set_num_threads(machine.threads)
    if machine.device.startswith("cuda"):
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # needed by torch's deterministic mode
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined] # costs time, guards nothing
    torch.backends.cudnn.benchmark = False


def keep_freed_memory() -> None:
    """Ask the C library to keep what a step frees for the next one, where it is glibc.

    Otherwise each step maps its activations anew and the kernel clears every page of them: in fp32 a frozen MobileNetV2
    took 1.5 times as long an image, a fifth of that in the kernel (224 px, batch 32, two cores). Changes no result.
    """
    with suppress(OSError, AttributeError):
        glibc = ctypes.CDLL("libc.so.6")
        for threshold in (1 << 30, 1 << 25):  # older ones refuse more than 32 MiB
            if glibc.mallopt(_MMAP_THRESHOLD, threshold):
                break
        glibc.mallopt(_TRIM_THRESHOLD, 1 << 30)


_MMAP_THRESHOLD: Final = -3  # of malloc.h, in bytes
_TRIM_THRESHOLD: Final = -1


def move(classifier: nn.Module, device: str) -> None:
    """Move a network to the device that it is to run on, in the order of memory that is right there."""
    classifier.to(device, memory_format=memory_format(classifier, device))  # type: ignore[call-overload]


def memory_format(classifier: nn.Module, device: str) -> torch.memory_format:
    """Channels last, the fastest, except where torch is not to be trusted with it.

    On processors with AVX512 torch 2.15 wrote outside its memory in channels last where a convolution has 4 or 8
    channels to give out; never with 16, and never in the other order.
    """
    narrow = any(isinstance(layer, nn.Conv2d) and layer.out_channels < 16 for layer in classifier.modules())
    is_unsafe = narrow and torch.device(device).type == "cpu"
    return torch.contiguous_format if is_unsafe else torch.channels_last


def _best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _best_precision(device: str) -> str:
    if device.startswith("cuda"):
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return "bf16" if device == "cpu" and processor_has_bf16() else "fp32"


def require_device(device: str) -> None:
    """Refuse a device that this machine does not have."""
    kind, _, number = device.partition(":")
    if kind not in _KINDS or not (number.isdecimal() or device == kind):
        raise HilumError(
            f"Got the device '{device}'.", expected="auto, cpu, cuda, cuda:N or mps", do=nearest(kind, list(_KINDS))
        )
    available = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}[kind]
    if int(number or 0) >= available:
        raise HilumError(
            f"This machine has no '{device}' that torch can use.",
            expected="a device that is there",
            do="Use: --device auto",
        )


_KINDS: Final = ("cpu", "cuda", "mps")
