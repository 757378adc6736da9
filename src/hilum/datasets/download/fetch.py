"""Downloads that survive dropped connections, killed processes and faulty servers, by the standard library alone.

What has arrived lies in `NAME.part` and is resumed by HTTP Range; a finished file is checked against its published
checksum. Where none is published, the SHA-256 of the first download is kept in `NAME.sha256` and every later download
of the same name is checked against it: that shows a change, it does not show that the first one was right.
"""

from __future__ import annotations

import hashlib
import ssl
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit

from hilum.datasets.download.partial import Part
from hilum.datasets.download.sources import Checksum
from hilum.errors import HilumError
from hilum.files import explained, printable, read_text, write_text
from hilum.progress import Bar, Progress, Silent

_BLOCK = 1 << 17
_MEGABYTE = 1_000_000
_LARGEST = 20_000_000_000  # bytes that are taken from a server that does not say how many will come

_MOST_ATTEMPTS = 500  # for a server that drops every connection after a few bytes

_PASSING = {408, 425, 429, 500, 502, 503, 504}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Remote:
    """A file at a server.

    Attributes:
        url: https, or http on this machine.
        size_bytes: what it must have; None where that is not known.
        checksum: what it must have; None where that is not known.
        authorization: the header of that name, sent to the host of `url` alone and shown nowhere.
        ways_out: a sentence for the user whose network does not give it.
    """

    url: str
    size_bytes: int | None = None
    checksum: Checksum | None = None
    authorization: str = field(default="", repr=False)
    ways_out: str = "Check the connection and run the same command again: what has arrived is kept."


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a silent server is waited for, and how often a download is tried again.

    Attributes:
        timeout_s: silence after which a connection counts as dropped.
        first_attempts: in a row without a byte, before anything has arrived: soon over on a machine without network.
        attempts: in a row without a byte, later.
        pause_s: before the second attempt; it doubles with each, up to a minute.
        sleep: waits that long.
    """

    timeout_s: float = 30.0
    first_attempts: int = 3
    attempts: int = 7
    pause_s: float = 1.0
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that has arrived.

    Attributes:
        path: where it lies.
        checksum: what it was checked against, or its SHA-256 where nothing was known before.
        was_there: True where it lay there already and nothing was downloaded.
        is_first: True where no checksum was known and this one was recorded.
    """

    path: Path
    checksum: Checksum
    was_there: bool
    is_first: bool


def download(
    remote: Remote, target: Path, patience: Patience = Patience(), progress: Progress = Silent()
) -> Downloaded:
    """Bring `remote` to `target`, which appears whole and checked or not at all.

    A file at `target` is checked and kept: also one that a person put there by hand.

    Raises:
        HilumError: the address is not safe, the server refuses or cannot be reached, the file is another one than
            expected, another download of it is under way, or the disc is unwilling. What has arrived is kept, unless
            its checksum is wrong.
    """
    if target.exists():
        return _checked(remote, target, target, was_there=True)
    require_safe(remote.url)
    with Part.of(target) as part:
        _transfer(remote, part, patience, progress)
        try:
            arrived = _checked(remote, part.path, target, was_there=False)
        except HilumError:
            part.restart()
            raise
        part.finish(target)
    return arrived


def require_safe(url: str) -> None:
    """Refuse every address but https, and http on this machine (a local mirror)."""
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not (parts.scheme == "https" and parts.hostname) and not is_local:
        raise HilumError(
            f"'{parts.scheme}://{parts.hostname or ''}' is not a safe address.",
            expected="https://",
            do="Name an https address, or download the file by hand.",
        )


def _transfer(remote: Remote, part: Part, patience: Patience, progress: Progress) -> None:
    """Fill the part, trying again after every fault that may pass."""
    failures, has_arrived = 0, False
    with ExitStack() as stack:
        show = _Shown(stack, progress, part)
        for _attempt in range(_MOST_ATTEMPTS):
            before = part.size
            fault: Exception
            try:
                for total in _arrivals(remote, part, patience.timeout_s):
                    show(total)
                return
            except (OSError, HTTPException) as error:
                fault = error
            is_better = part.size > before
            has_arrived = has_arrived or is_better
            failures = 1 if is_better else failures + 1
            if failures >= (patience.attempts if has_arrived else patience.first_attempts) or _is_final(fault):
                break
            patience.sleep(_pause_s(fault, patience, failures))
    raise _unreachable(remote, fault) from fault


class _Shown:
    """A bar in megabytes that opens when the size is known and follows the part, also back to nothing."""

    def __init__(self, stack: ExitStack, progress: Progress, part: Part) -> None:
        self.stack, self.progress, self.part = stack, progress, part
        self.bar: Bar | None = None
        self.megabytes = 0

    def __call__(self, total: int) -> None:
        if self.bar is None:
            label = f"Downloading {self.part.path.stem} (MB)"
            self.bar = self.stack.enter_context(self.progress.bar(label, total // _MEGABYTE))
        megabytes = self.part.size // _MEGABYTE
        self.bar.advance(megabytes - self.megabytes)
        self.megabytes = megabytes


def _arrivals(remote: Remote, part: Part, timeout_s: float) -> Iterator[int]:
    """One attempt: yields the size of the whole file (0: unknown) after every block, and ends when all has arrived."""
    response = _open(remote, part, timeout_s)
    if response is None:
        return
    with response:
        total = _agreed(remote, part, response) or remote.size_bytes or 0
        yield total
        # `read` would wait for a whole block and lose what has arrived of it when the connection drops.
        while block := response.read1(_BLOCK):
            part.append(block)
            if part.size > (total or _LARGEST):
                part.restart()
                raise _other_file(remote, f"more than {total or _LARGEST:,} bytes")
            yield total
    if part.size < total:
        raise ConnectionError(f"the connection closed after {part.size:,} of {total:,} bytes")


def _open(remote: Remote, part: Part, timeout_s: float) -> HTTPResponse | None:
    """The server's answer to the request for what is missing; None where nothing is."""
    headers = {"User-Agent": "hilum", "Accept-Encoding": "identity"}
    if remote.authorization:
        headers["Authorization"] = remote.authorization
    if part.size:
        headers["Range"] = f"bytes={part.size}-"
        if part.tag:
            headers["If-Range"] = part.tag
    handlers: list[urllib.request.BaseHandler] = [_SafeRedirects()]
    if urlsplit(remote.url).hostname in _LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(remote.url, headers=headers)
    try:
        answer: HTTPResponse = urllib.request.build_opener(*handlers).open(request, timeout=timeout_s)
        return answer
    except HTTPError as error:
        error.close()
        if error.code != 416 or not part.size:
            raise
        if error.headers.get("Content-Range", "") == f"bytes */{part.size}":
            if part.size != (remote.size_bytes or part.size):
                raise _other_file(remote, f"{part.size:,} bytes") from error
            return None
        part.restart()
        raise ConnectionError("the server does not know the part that has arrived") from error


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows to https alone (or this machine), and takes no password to another host."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        """The next request; see `urllib.request`."""
        require_safe(newurl)
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None and urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            following.remove_header("Authorization")
        return following


def _agreed(remote: Remote, part: Part, response: HTTPResponse) -> int:
    """Bring the part and the answer together: the file's total size (0 where the server does not say)."""
    if response.headers.get_content_type() == "text/html":
        raise HilumError(f"'{_shown(remote.url)}' answered with a web page.", expected="a file", do=remote.ways_out)
    tag = response.headers.get("ETag", "")
    total = int(response.headers.get("Content-Length") or 0)
    if response.status == 206:
        start, _, whole = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        total = int(whole) if whole.isdigit() else 0
        if not start.startswith(f"{part.size}-") or tag != (part.tag or tag):
            part.restart()
            raise ConnectionError("the server resumed another part than the one asked for")
    else:
        # A strong tag names the bytes; a weak one (W/) may not be used to resume.
        part.restart("" if tag.startswith("W/") else tag)
    if remote.size_bytes is not None and total not in (0, remote.size_bytes):
        raise _other_file(remote, f"{total:,} bytes")
    return total


def _checked(remote: Remote, path: Path, target: Path, was_there: bool) -> Downloaded:
    """The file at `path` after its checksum was found right, or recorded where none was known."""
    record = target.with_name(target.name + ".sha256")
    expected = remote.checksum or _recorded(record)
    found = Checksum(expected.algorithm if expected else "sha256", _digest(path, expected))
    if expected and found != expected:
        what_to_do = f"Remove '{printable(path)}' and run" if was_there else "Run"
        raise HilumError(
            f"'{printable(target)}' has the {found.algorithm.upper()} {found.hexdigest}.",
            expected=f"{expected.hexdigest}, as {'published' if remote.checksum else 'at the first download'}",
            do=f"{what_to_do} the same command again; if it stays so, the file was changed at its source.",
        )
    if not expected:
        write_text(record, f"{found.hexdigest}  {target.name}\n")
    return Downloaded(target, found, was_there, is_first=expected is None)


def _recorded(record: Path) -> Checksum | None:
    return Checksum("sha256", read_text(record).split()[0]) if record.exists() else None


def _digest(path: Path, expected: Checksum | None) -> str:
    algorithm = expected.algorithm if expected else "sha256"
    with explained(path, "read"), path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def _is_final(fault: Exception) -> bool:
    """True where trying again cannot help: the server's refusal, or a certificate that is not trusted."""
    if isinstance(fault, HTTPError):
        return fault.code not in _PASSING
    return isinstance(getattr(fault, "reason", fault), ssl.SSLCertVerificationError)


def _pause_s(fault: Exception, patience: Patience, failures: int) -> float:
    """As long as the server asks for, else doubling."""
    asked = fault.headers.get("Retry-After", "") if isinstance(fault, HTTPError) else ""
    return min(60.0, float(asked) if asked.isdigit() else patience.pause_s * 2 ** (failures - 1))


def _unreachable(remote: Remote, fault: Exception) -> HilumError:
    if not isinstance(fault, HTTPError):
        reason = getattr(fault, "reason", fault)
        reason = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        happened = f"'{_shown(remote.url)}' could not be reached: {reason}."
        return HilumError(happened, expected="a working connection", do=remote.ways_out)
    meaning = {401: "the token is not accepted", 403: "access is refused", 404: "there is no such file"}
    happened = f"'{_shown(remote.url)}' answered {fault.code}: {meaning.get(fault.code, fault.reason)}."
    return HilumError(happened, expected="the file", do=remote.ways_out)


def _other_file(remote: Remote, found: str) -> HilumError:
    return HilumError(
        f"'{_shown(remote.url)}' offers {found}.",
        expected="a size that it declares" if remote.size_bytes is None else f"{remote.size_bytes:,} bytes",
        do=remote.ways_out,
    )


def _shown(url: str) -> str:
    """The address without query and user, which may hold keys."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"
