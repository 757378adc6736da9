"""What a request about films asks for: which model at which operating point, and the films themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from hilum.errors import HilumError
from hilum.runtime import Answering
from hilum.web.bodies import read_films
from hilum.web.parts import Upload
from hilum.web.problems import Problem
from hilum.web.service import Service, service_of
from hilum.web.settings import LEAST_PREVALENCE, MOST_PREVALENCE


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A request about films.

    Args:
        request: its body is not read yet.
        answering: the model, the operating point and the prevalence that it names, or the server's.
        model: what the model is called here.
    """

    request: Request
    service: Service
    answering: Answering
    model: str


async def asked(
    request: Request,
    model: Annotated[str | None, Query(description="Name of a served model; the first if not given.")] = None,
    operating_point: Annotated[
        str | None, Query(description="Name of the stored threshold that decides; the server's if not given.")
    ] = None,
    prevalence: Annotated[
        float | None,
        Query(
            description="Share of films with pneumonia where these come from; the server's if not given.",
            ge=LEAST_PREVALENCE,
            le=MOST_PREVALENCE,
        ),
    ] = None,
) -> Asked:
    """What the address asks for.

    Raises:
        Problem: 422, no such model or operating point.
    """
    service = service_of(request)
    try:
        served = service.settings.models.named(model)
        answering = served.at(operating_point, prevalence)
    except HilumError as error:
        raise Problem.of(error) from error
    return Asked(request, service, answering, served.name)


Asking = Annotated[Asked, Depends(asked)]


@asynccontextmanager
async def received(asked: Asked) -> AsyncIterator[tuple[Upload, ...]]:
    """The films, with a place in the queue as long as the block runs.

    A full queue refuses before the body is read. The place itself is taken when all has come, so that nobody holds
    one with a slow line.

    Raises:
        Problem: the queue is full, or the body is not right.
    """
    service = asked.service
    await service.worker.require_place()
    with service.held.share() as share:
        with service.measures.stage("receive"):
            films = await read_films(asked.request, service.settings.allowance, share)
        async with service.worker.place():
            yield films
