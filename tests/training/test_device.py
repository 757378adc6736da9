"""The means of a run are chosen by what is really there."""

from __future__ import annotations

import json
import platform
import subprocess
import sys

import pytest
import torch

from hilum.errors import HilumError
from hilum.models import build_network
from hilum.recipe import Network
from hilum.training.device import (
    Machine,
    choose_machine,
    keep_freed_memory,
    memory_format,
    move,
    processor_has_bf16,
)

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


@pytest.mark.parametrize("device", ["cuda:7", "cpu:1", "cuda:99"])
def test_number_that_no_device_has_is_refused(device: str) -> None:
    with pytest.raises(HilumError, match="This machine has no"):
        choose_machine(device)


@pytest.mark.parametrize("device", ["cpu:x", "cpu:", "cuda:-1", ""])
def test_device_that_is_no_device_is_refused(device: str) -> None:
    with pytest.raises(HilumError, match="Expected auto, cpu, cuda"):
        choose_machine(device)


@pytest.mark.parametrize(("threads", "workers"), [(-1, 0), (1, -2)])
def test_negative_numbers_are_refused(threads: int, workers: int) -> None:
    with pytest.raises(HilumError, match="numbers of 0 or more"):
        choose_machine("cpu", "fp32", threads, workers)


@pytest.mark.parametrize(
    ("flags", "has"),
    [
        ("fpu avx2 avx512f", False),
        ("avx2 avx512_bf16", True),
        ("amx_bf16 amx_tile", True),
        ("avx512_bf16x", False),
        ("", False),
    ],
)
def test_bf16_is_chosen_only_where_the_processor_has_units_for_it(flags: str, has: bool) -> None:
    assert processor_has_bf16(flags) is has


def test_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(HilumError, match="Use: --device auto"):
        choose_machine("cuda:7")


def test_misspelt_device_names_the_nearest() -> None:
    with pytest.raises(HilumError, match="Did you mean 'cuda'"):
        choose_machine("cud")


def test_stated_means_are_kept() -> None:
    assert choose_machine("cpu", "fp32", 1, 0) == Machine("cpu", "fp32", 1, 0)


@pytest.mark.parametrize("now", ["cuda:1", "cuda:0", "cuda"])
def test_resume_takes_the_processes_own_number_of_the_device(now: str) -> None:
    begun = Machine("cuda:0", "bf16", threads=2, workers=3, micro_batch=4)
    resumed = begun.again(Machine(now, "fp32", threads=2, workers=1))
    assert resumed == Machine(now, "bf16", threads=2, workers=1, micro_batch=4)


@pytest.mark.parametrize("now", [Machine("cpu", "fp32", 2, 0), Machine("cuda:0", "fp32", 3, 0)])
def test_resume_with_means_that_round_otherwise_is_refused(now: Machine) -> None:
    with pytest.raises(HilumError, match="Go on with: --device cuda --threads 2"):
        Machine("cuda:0", "fp32", 2, 0).again(now)


@pytest.mark.parametrize(
    ("keys", "device", "expected"),
    [
        ({"architecture": "small-cnn", "widths": (16, 32)}, "cpu", torch.channels_last),
        ({"architecture": "mobilenetv2_100"}, "cpu", torch.channels_last),
        ({"architecture": "efficientnet_b0"}, "cpu", torch.contiguous_format),  # squeezes to 8 channels and fewer
        ({"architecture": "efficientnet_b0"}, "cuda:1", torch.channels_last),
    ],
)
def test_narrow_convolutions_keep_their_channels_first_on_a_processor(
    keys: dict[str, object], device: str, expected: torch.memory_format
) -> None:
    assert memory_format(build_network(Network.model_validate(keys), 64), device) is expected


def test_network_is_moved_in_its_order_of_memory() -> None:
    def order(channels: int) -> tuple[bool, bool]:
        layer = torch.nn.Conv2d(3, channels, 3).to(memory_format=torch.channels_last)
        move(layer, "cpu")
        weight = layer.weight
        return weight.is_contiguous(), weight.is_contiguous(memory_format=torch.channels_last)

    assert order(15) == (True, False) and order(16) == (False, True)


KEEPING = """
import ctypes, json, torch
from hilum.training.device import keep_freed_memory

class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
                "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

glibc = ctypes.CDLL("libc.so.6")
glibc.mallinfo2.restype = Mallinfo
glibc.malloc.restype, glibc.malloc.argtypes, glibc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]

def mapped_for_64_mib():
    before = glibc.mallinfo2().hblks
    block = glibc.malloc(64 << 20)
    mapped = glibc.mallinfo2().hblks - before
    glibc.free(block)
    return mapped

def step():
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Conv2d(1, 16, 3), torch.nn.Flatten(), torch.nn.LazyLinear(1))
    optimizer = torch.optim.AdamW(network.parameters(), 0.01)
    for _ in range(3):
        optimizer.zero_grad()
        network(torch.rand(8, 1, 32, 32)).square().mean().backward()
        optimizer.step()
    return [float(parameter.double().sum()) for parameter in network.parameters()]

torch.set_num_threads(1)
before = mapped_for_64_mib(), step()
keep_freed_memory()
print(json.dumps([before, (mapped_for_64_mib(), step())]))
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
def test_freed_memory_is_kept_and_changes_no_result() -> None:
    """In a process of its own, because the setting stays."""
    done = subprocess.run([sys.executable, "-c", KEEPING], capture_output=True, text=True, check=True)
    (mapped_before, result_before), (mapped_after, result_after) = json.loads(done.stdout)
    assert (mapped_before, mapped_after) == (1, 0)
    assert result_before == result_after


def test_where_there_is_no_glibc_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_library(_: str) -> None:
        raise OSError("libc.so.6: cannot open shared object file")

    monkeypatch.setattr("ctypes.CDLL", no_such_library)
    keep_freed_memory()


@pytest.mark.parametrize("most", [1 << 30, 1 << 25])
def test_older_glibc_is_asked_for_what_it_takes(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    taken: dict[int, int] = {}

    class Glibc:
        def mallopt(self, setting: int, value: int) -> int:
            if setting == -3 and value > most:
                return 0
            taken[setting] = value
            return 1

    monkeypatch.setattr("ctypes.CDLL", lambda _: Glibc())
    keep_freed_memory()
    assert taken == {-3: most, -1: 1 << 30}
