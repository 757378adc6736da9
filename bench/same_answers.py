"""The command line, REST and the watch folder asked about the same films: are their answers the same to the last bit?

    python bench/same_answers.py MODEL FILMS... [--json same-answers.json]

FILMS are folders (or files) with films; those of the same content count once. `hilum predict --json` is asked about
all in one process, `hilum serve` about each in a request of its own, and then about 20 at a time, `hilum watch --once`
about all in one folder. What cannot be read or assessed must be so, with the same sentence, for all.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from serving import Server, serving

from hilum.files import sha256_of
from hilum.json_files import write_json
from hilum.provenance import current
from hilum.verbs.predict import find_films

Answers = dict[str, dict[str, Any]]
"""Rows by the SHA-256 of their film."""
AT_ONCE = 20


def row_of(row: dict[str, Any]) -> dict[str, Any]:
    """A row without what the film was called; sentences that begin with its name lose that too."""
    kept = {key: value for key, value in row.items() if key not in ("path", "sha256")}
    return kept | {"problem": kept["problem"].replace(f"'{row['path']}'", "the film")}


def by_command(python: str, model: str, films: dict[str, Path]) -> Answers:
    """`hilum predict --json`."""
    command = [python, "-m", "hilum", "predict", *map(str, films.values()), "--model", model, "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    rows = json.loads(done.stdout)["predictions"]
    return {sha256: row_of(row) for sha256, row in zip(films, rows, strict=True)}


def by_requests(server: Server, films: dict[str, Path]) -> Answers:
    """`POST /api/v1/predict`, one film in each as the body itself; what is empty goes as a form."""
    answers = {}
    for path in films.values():
        content = path.read_bytes()
        (row,) = (server.predict(content) if content else form_answer(server, [path]))["predictions"]
        answers[row["sha256"]] = row_of(row)
    return answers


def by_large_requests(server: Server, films: dict[str, Path]) -> Answers:
    """The same with many films in each, as a form."""
    return {
        row["sha256"]: row_of(row)
        for some in some_at_a_time(list(films.values()), AT_ONCE)
        for row in form_answer(server, some)["predictions"]
    }


def some_at_a_time(paths: list[Path], count: int) -> Iterator[list[Path]]:
    """So many and so many, the rest in the end."""
    for begin in range(0, len(paths), count):
        yield paths[begin : begin + count]


def form_answer(server: Server, paths: list[Path]) -> dict[str, Any]:
    """The answer for several films sent as a form."""
    boundary = "hilum-same-answers"
    head = 'Content-Disposition: form-data; name="film"; filename="{}"\r\nContent-Type: image/jpeg\r\n\r\n'
    parts = [f"--{boundary}\r\n{head.format(path.name)}".encode() + path.read_bytes() + b"\r\n" for path in paths]
    request = urllib.request.Request(
        f"{server.url}/api/v1/predict",
        data=b"".join([*parts, f"--{boundary}--\r\n".encode()]),
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    with urllib.request.urlopen(request, timeout=300) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def by_watch(python: str, model: str, films: dict[str, Path], room: Path) -> Answers:
    """`hilum watch --once`."""
    incoming, reports = room / "incoming", room / "reports"
    incoming.mkdir()
    for sha256, path in films.items():
        (incoming / f"{sha256}{path.suffix}").write_bytes(path.read_bytes())
    command = [python, "-m", "hilum", "watch", str(incoming), str(reports), "--model", model, "--report", "none"]
    done = subprocess.run([*command, "--once", "--settle", "0.2"], capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    rows = [json.loads(path.read_text("utf-8"))["predictions"][0] for path in reports.glob("*.json")]
    return {row["sha256"]: row_of(row) for row in rows}


def all_ways(chosen: argparse.Namespace, films: dict[str, Path]) -> Iterator[tuple[str, Answers]]:
    """Each way's answers."""
    yield "command line", by_command(chosen.python, chosen.model, films)
    with serving(chosen.model, python=chosen.python) as server:
        yield "REST, one by one", by_requests(server, films)
        yield f"REST, {AT_ONCE} at once", by_large_requests(server, films)
    with tempfile.TemporaryDirectory(prefix="hilum-same-answers-") as room:
        yield "watch folder", by_watch(chosen.python, chosen.model, films, Path(room))


def main() -> None:
    """Ask, compare, print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("model")
    options.add_argument("films", type=Path, nargs="+")
    options.add_argument("--python", default=sys.executable)
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    films = {sha256_of(path): path for path in find_films(chosen.films)}
    ways = dict(all_ways(chosen, films))
    first = ways["command line"]
    differing = {name: sorted(key for key in films if rows.get(key) != first[key]) for name, rows in ways.items()}
    statuses = dict(Counter(row["status"] for row in first.values()))
    print(f"{len(films)} films: {statuses}")
    for name, keys in differing.items():
        print(f"{name:20} {len(ways[name])} answers, {len(keys)} differ from the command line's")
        for key in keys[:3]:
            print(f"    {films[key]}\n        {first[key]}\n        {ways[name].get(key)}")
    if chosen.json:
        facts = {"films": len(films), "statuses": statuses, "differing": {name: len(differing[name]) for name in ways}}
        facts["films_sha256"] = hashlib.sha256("".join(sorted(films)).encode()).hexdigest()
        write_json(chosen.json, facts | {"provenance": asdict(current("onnxruntime", "numpy", "pillow"))})
    sys.exit(int(any(differing.values())))


if __name__ == "__main__":
    main()
