"""All that a server is told before it starts: who may use it, and how much one may ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final

from hilum.images import DEFAULT_LIMITS, Limits
from hilum.web.models import ServedModels

MIB: Final = 1024 * 1024
LEAST_PREVALENCE: Final = 1e-6
MOST_PREVALENCE: Final = 1 - 1e-6
"""Beyond these, predictive values are a matter of rounding."""


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use the server.

    Args:
        token_digest: SHA-256 of the token; None lets everybody in who reaches the server.
        is_local: True where only this machine reaches it.
        hosts: names that a request may call the server by where there is no token, beside localhost and the address.
        proxies: addresses whose forwarded headers are believed; nobody else is then let in.
        is_tls: True where the server itself speaks TLS.
        warning: what stands on every page of a server that was started with less; "" for none.
    """

    token_digest: bytes | None = None
    is_local: bool = True
    hosts: frozenset[str] = frozenset()
    proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    is_tls: bool = False
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much one request, and all of them together, may ask for.

    Args:
        film: of one film.
        body_bytes: of one request.
        held_bytes: of all requests together, as long as they are not answered.
        most_films: films in one request.
        most_job_films: films in one job.
        most_pdf_films: films in one PDF; HTML has no such bound.
        most_listed: jobs in one list.
        most_waiting: films of jobs that wait for an answer.
        streams: of events, at once.
        places: requests that are answered or wait for it; more are told to come again.
        reports: reports that are written or wait for it.
        silence_s: how long a body may stand still.
        grace_s: how long a body may take before its rate counts.
        slowest_bytes_per_s: a body that comes slower, after the grace, is cut.
        refusal_s: how long a request that finds no place waits for the answer that says so. Without it, clients that
            come again at once would take the processor from those that have a place.
    """

    film: Limits = DEFAULT_LIMITS
    body_bytes: int = 256 * MIB
    held_bytes: int = 512 * MIB
    most_films: int = 64
    most_job_films: int = 1000
    most_pdf_films: int = 100
    most_listed: int = 100
    most_waiting: int = 10_000
    streams: int = 32
    places: int = 16
    reports: int = 4
    silence_s: float = 10.0
    grace_s: float = 30.0
    slowest_bytes_per_s: float = 32 * 1024.0
    refusal_s: float = 0.5


@dataclass(frozen=True, slots=True)
class Settings:
    """A server: its models, its users, its limits.

    Args:
        language: of reports, where a request names none: that of the site.
        store: folder for the films and answers of jobs; None keeps everything in memory, and there are no jobs.
    """

    models: ServedModels
    access: Access = field(default_factory=Access)
    allowance: Allowance = field(default_factory=Allowance)
    store: Path | None = None
    language: str = "en"
