"""Routes of jobs: films that are answered while nobody waits, with a stream that tells how far they are."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, fields, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar, TypeVarTuple

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from hilum.errors import HilumError
from hilum.runtime import Answering, Prediction
from hilum.verbs.predict import gathered
from hilum.web.answers import reported_of_job
from hilum.web.asked import Asking
from hilum.web.bodies import read_films
from hilum.web.documents import Format, Language, document, made_now, pdf, require_format, require_pdf
from hilum.web.guard import log_without_words
from hilum.web.jobs import Jobs
from hilum.web.parts import Upload
from hilum.web.problems import Problem, busy, no_such_thing
from hilum.web.sending import Held
from hilum.web.service import Service, service_of, unless_gone
from hilum.web.stored import Job, JobState, StoredFilm, new_job_id

if TYPE_CHECKING:
    from hilum.reports.film_report import About, ReportedFilm

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")

_COME_AGAIN_S: Final = 30
_LISTS: Final = ("answers", "notes", "reasons")
_NO_PICTURE: Final = "Its stored file is missing or damaged, so that no picture of it can be shown."
_PAUSE_S: Final = 15.0
"""After which a stream says that it is still there, so that no proxy cuts it."""


async def jobs_of(request: Request) -> Jobs:
    """The jobs of this server.

    Raises:
        Problem: 404, as it keeps none.
    """
    jobs = service_of(request).jobs
    if jobs is None:
        raise no_such_thing("This server keeps no jobs.", "Start it with --store FOLDER, or use POST /api/v1/predict.")
    return jobs


async def job_of(
    request: Request, job: Annotated[str, Path(description="As POST /api/v1/jobs gave it.", pattern="^[0-9a-f]{32}$")]
) -> Job:
    """The job that an address names.

    Raises:
        Problem: 404.
    """
    jobs = await jobs_of(request)
    found = await _told(jobs, jobs.store.job, job)
    if found is None:
        raise no_such_thing("There is no such job.", "It may have been deleted.")
    return found


Kept = Annotated[Jobs, Depends(jobs_of)]
Named = Annotated[Job, Depends(job_of)]
router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"], dependencies=[Depends(jobs_of)])


@router.post("", status_code=202)
async def create(asked: Asking, jobs: Kept) -> Response:
    """Hand in films as a job; it is kept before this answers."""
    service = asked.service
    allowance = service.settings.allowance
    if await _told(jobs, jobs.store.waiting, jobs.hashes) >= allowance.most_waiting:
        raise busy(f"{allowance.most_waiting:,} films wait already.", _COME_AGAIN_S)
    with service.held.share() as share:
        films = await read_films(asked.request, replace(allowance, most_films=allowance.most_job_films), share)
        job = _new_job(asked.answering, asked.model, len(films))
        await _keep(jobs, job, films)
    jobs.begin()
    return JSONResponse(_as_json(jobs, job), 202, {"Location": f"/api/v1/jobs/{job.id}"})


@router.get("")
async def listed(
    request: Request, jobs: Kept, skip: Annotated[int, Query(description="Jobs to leave out.", ge=0, le=10**9)] = 0
) -> Response:
    """The jobs of this server, the newest first, and how many there are in all."""
    service = service_of(request)
    service.held.require_room()
    found, total = await _told(jobs, jobs.store.jobs, skip, service.settings.allowance.most_listed)
    return Held(JSONResponse({"jobs": [_as_json(jobs, job) for job in found], "total": total}), service.held)


@router.get("/{job}")
async def show(request: Request, job: Named, jobs: Kept) -> Response:
    """How far a job is, with the answers so far as `hilum predict --json` gives them."""
    held = service_of(request).held
    films = await _told(jobs, jobs.store.films, job.id)
    held.require_room()
    answers = [film.answer for film in films if film.answer is not None]
    said = _as_json(jobs, replace(job, done=len(answers)))
    answering = jobs.answering(job)
    if answering is not None:
        said["answer"] = gathered(answering, ()).as_json() | {"predictions": answers}
    return Held(JSONResponse(said), held)


@router.get("/{job}/events")
async def events(request: Request, job: Named, jobs: Kept) -> Response:
    """The answers of a job as server-sent events, as they come; the header Last-Event-ID goes on after that one."""
    service = service_of(request)
    last = request.headers.get("last-event-id", "")
    start = int(last[:9]) + 1 if last.isascii() and last.isdigit() else 0
    if service.streams >= service.settings.allowance.streams:
        raise busy(f"{service.streams} streams are open already.", _COME_AGAIN_S)
    return StreamingResponse(_stream(service, jobs, job, start), media_type="text/event-stream")


@router.get("/{job}/report")
async def report(
    request: Request, job: Named, jobs: Kept, format: Format = "html", language: Language = None
) -> Response:
    """The report on a job that is done; its films are read once more for their pictures."""
    answering = jobs.answering(job)
    if answering is None or job.done < job.films:
        raise Problem(
            409,
            "not-done",
            f"The job is {_state(jobs, job)}: {job.done:,} of {job.films:,} films are answered.",
            expected="a job that is done",
            do="Ask again later.",
            headers={"Retry-After": str(_COME_AGAIN_S)},
        )
    service = service_of(request)
    service.held.require_room()
    require_format(service, format, job.films)
    if format == "pdf":
        await require_pdf(service)
    async with service.press.place():
        page = await unless_gone(request, _page(service, jobs, job, answering, language or service.settings.language))
        content = page.encode() if format == "html" else await unless_gone(request, pdf(service, page))
    return Held(document(content, format), service.held)


@router.delete("/{job}", status_code=204)
async def delete(job: Named, jobs: Kept) -> Response:
    """Forget a job with its films and answers."""
    await _told(jobs, jobs.store.delete, job.id)
    await jobs.tell()
    return Response(status_code=204)


async def _told(jobs: Jobs, call: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
    """What a method of the store gives.

    Raises:
        Problem: 500, without the store's own words: they name places on this machine.
    """
    try:
        return await jobs.kept(call, *arguments)
    except HilumError as error:
        log_without_words(error)
        raise Problem(
            500,
            "store-failed",
            "The folder of jobs cannot be used.",
            expected="a disc with free space that works",
            do="Tell whoever runs this server.",
        ) from error


async def _keep(jobs: Jobs, job: Job, films: Sequence[Upload]) -> None:
    try:
        await jobs.kept(jobs.store.add, job, films)
    except HilumError as error:
        raise Problem(
            507,
            "not-kept",
            "The job could not be kept: its disc is full or unwilling.",
            expected="free space for its films",
            do="Tell whoever runs this server.",
        ) from error


def _new_job(answering: Answering, model: str, films: int) -> Job:
    return Job(
        id=new_job_id(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=model,
        model_hash=answering.predictor.model_hash,
        operating_point=answering.point.name,
        prevalence=answering.shift.stated if answering.shift else None,
        films=films,
        done=0,
    )


def _as_json(jobs: Jobs, job: Job) -> dict[str, Any]:
    return asdict(job) | {"state": _state(jobs, job)}


def _state(jobs: Jobs, job: Job) -> JobState:
    if job.done == job.films:
        return "done"
    if jobs.answering(job) is None:
        return "stopped"
    return "running" if job.done else "waiting"


async def _stream(service: Service, jobs: Jobs, job: Job, start: int) -> AsyncIterator[bytes]:
    """One event a film, "done" at the end; a comment where nothing happens for a while."""
    service.streams += 1
    try:
        async for film in jobs.changes(job.id, start, _PAUSE_S, service.ending):
            if film is None:
                yield b": still here\n\n"
            else:
                yield f"id: {film.position}\nevent: film\ndata: {json.dumps(film.answer)}\n\n".encode()
        now = await jobs.kept(jobs.store.job, job.id)
        if now and now.done == now.films:
            yield f"event: done\ndata: {json.dumps(_as_json(jobs, now))}\n\n".encode()
    finally:
        service.streams -= 1


async def _page(service: Service, jobs: Jobs, job: Job, answering: Answering, language: str) -> str:
    from hilum.reports.film_report import about, picture_px, report_page

    facts = about(answering, made_now())
    kept = [
        await _reported(service, jobs, film, answering, facts, picture_px(job.films))
        for film in await _told(jobs, jobs.store.films, job.id)
    ]
    with service.measures.stage("report"):
        return await service.press.run(report_page, facts, kept, language)


async def _reported(
    service: Service, jobs: Jobs, film: StoredFilm, answering: Answering, about: About, most_px: int
) -> ReportedFilm:
    """The film with the answer that its job tells; where its file is missing or damaged, without pictures."""
    said = _prediction(film)
    content: bytes | None = None
    if said.status == "answered":
        try:
            content = await jobs.kept(jobs.store.content, film.sha256)
        except HilumError:
            said = replace(said, notes=(*said.notes, _NO_PICTURE))
    return await service.worker.run(reported_of_job, service, answering, (said, film.sha256, content), about, most_px)


def _prediction(film: StoredFilm) -> Prediction:
    """The row of an answer as it was before it became JSON."""
    given = film.answer or {"status": "unreadable", "problem": "It is not answered."}
    known = {one.name: given[one.name] for one in fields(Prediction) if one.name in given}
    return Prediction(
        **{"path": film.name, **known} | {name: tuple(known[name]) for name in _LISTS if known.get(name) is not None}
    )
