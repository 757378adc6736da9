"""The means of a run are chosen by what is really there."""

from __future__ import annotations

import pytest

from hilum.errors import HilumError
from hilum.training.device import Machine, choose_machine, processor_has_bf16


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
