"""The error family."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest

from hilum.errors import HilumError, missing_extra, nearest
from hilum.metrics import log_odds


def test_error_keeps_its_three_parts() -> None:
    error = HilumError("It rained.", expected="sun", do="Wait.")
    assert (error.happened, error.expected, error.do) == ("It rained.", "sun", "Wait.")
    assert str(error) == "It rained. Expected sun. Wait."


def test_error_passes_from_one_process_to_another() -> None:
    # "spawn": a child forked from a process with threads may wait for ever for a lock that one of them held.
    answer = pytest.raises(HilumError, match=r"Got 2 as a prevalence\. Expected a fraction above 0 and below 1\. Write")
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool, answer:
        pool.submit(log_odds, 2.0).result()


def test_missing_library_names_the_line_that_installs_it() -> None:
    assert "pip install 'hilum[train]'" in str(missing_extra("Training", "train"))


def test_word_like_no_other_lists_all() -> None:
    assert nearest("qqqq", ["official", "block"]) == "Choose one of: block, official."
