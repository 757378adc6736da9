"""A job and a film of one, as they are kept."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Literal

JobState = Literal["waiting", "running", "done", "stopped"]


@dataclass(frozen=True, slots=True)
class Job:
    """Films that were handed in together.

    Args:
        id: names it in addresses; cannot be guessed.
        created: when, in UTC.
        model: the name it was asked by.
        model_hash: of the model that answers; no other one does.
        operating_point: that decides.
        prevalence: of the site; None for none.
        films: how many.
        done: how many are answered.
    """

    id: str
    created: str
    model: str
    model_hash: str
    operating_point: str
    prevalence: float | None
    films: int
    done: int


@dataclass(frozen=True, slots=True)
class StoredFilm:
    """A film of a job.

    Args:
        position: in the job, from 0.
        tries: how often it was begun before.
        answer: its row as JSON values; None where there is none yet.
    """

    job: str
    position: int
    name: str
    sha256: str
    tries: int
    answer: dict[str, Any] | None


def new_job_id() -> str:
    """An id of 128 random bits."""
    return secrets.token_hex(16)
