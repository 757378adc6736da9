"""Downloads from a real server on this machine that answers well and badly."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from file_server import Answer, FileServer
from hilum.datasets.download.fetch import Downloaded, Patience, Remote, download, require_safe
from hilum.datasets.download.partial import Part
from hilum.datasets.download.sources import Checksum
from hilum.errors import HilumError

CONTENT = random.Random(0).randbytes(700_000)
SHA256 = Checksum("sha256", hashlib.sha256(CONTENT).hexdigest())
SECRET = "Basic c2VjcmV0"


class Pauses:
    """Stands in for the clock: notes the pauses instead of waiting."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def fetch(server: FileServer, target: Path, checksum: Checksum | None = SHA256, **facts: object) -> Downloaded:
    """Download from the server without waiting."""
    remote = Remote(server.url, checksum=checksum, ways_out="Try the mirror.", **facts)  # type: ignore[arg-type]
    return download(remote, target, Patience(timeout_s=0.3, sleep=Pauses()))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_file_arrives_whole_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    with FileServer(CONTENT) as server:
        arrived = fetch(server, tmp_path / "deep" / "file.zip", size_bytes=len(CONTENT))
    assert arrived.path.read_bytes() == CONTENT
    assert (arrived.checksum, arrived.was_there, arrived.is_first) == (SHA256, False, False)
    assert names(tmp_path / "deep") == ["file.zip"]


@pytest.mark.parametrize("drops", [[1], [0, 0, 5], [300_000, 0, 1, 399_998], [131_072, 131_072]])
def test_dropped_connections_are_resumed_where_they_broke(tmp_path: Path, drops: list[int]) -> None:
    with FileServer(CONTENT, *(Answer(drop_after=drop) for drop in drops)) as server:
        assert fetch(server, tmp_path / "file.zip").path.read_bytes() == CONTENT
    assert server.sent == len(CONTENT)  # no byte twice
    assert server.requests[-1]["range"] == f"bytes={sum(drops)}-"


def test_killed_download_fetches_only_the_rest(tmp_path: Path) -> None:
    target = tmp_path / "file.zip"
    script = (
        "import sys; from pathlib import Path; from hilum.datasets.download.fetch import Remote, download;"
        "download(Remote(sys.argv[1]), Path(sys.argv[2]))"
    )
    with FileServer(CONTENT, Answer(drop_after=400_000, stall_s=30)) as server:
        child = subprocess.Popen([sys.executable, "-c", script, server.url, str(target)])
        while not (part := target.with_name("file.zip.part")).exists() or part.stat().st_size < 400_000:
            assert child.poll() is None
            time.sleep(0.01)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert not target.exists()
        assert fetch(server, target).path.read_bytes() == CONTENT
    assert server.requests[-1]["range"] == "bytes=400000-"
    assert server.requests[-1]["if-range"] == '"first"'
    assert server.sent == len(CONTENT)


def test_server_without_ranges_starts_again_from_the_first_byte(tmp_path: Path) -> None:
    with FileServer(CONTENT, Answer(drop_after=100_000), Answer(ignores_range=True)) as server:
        assert fetch(server, tmp_path / "file.zip").path.read_bytes() == CONTENT


def test_file_that_changed_at_its_source_is_not_mixed_with_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "file.zip.part").write_bytes(b"old" * 1000)
    (tmp_path / "file.zip.part.etag").write_text('"older"')
    with FileServer(CONTENT) as server:
        assert fetch(server, tmp_path / "file.zip").path.read_bytes() == CONTENT
    assert "if-range" in server.requests[0]


def test_part_that_holds_everything_is_finished_without_another_byte(tmp_path: Path) -> None:
    (tmp_path / "file.zip.part").write_bytes(CONTENT)
    with FileServer(CONTENT) as server:
        assert fetch(server, tmp_path / "file.zip").path.read_bytes() == CONTENT
    assert server.sent == 0


def test_part_longer_than_the_file_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "file.zip.part").write_bytes(CONTENT + b"more")
    with FileServer(CONTENT) as server:
        assert fetch(server, tmp_path / "file.zip").path.read_bytes() == CONTENT


def test_silent_server_counts_as_dropped_and_the_rest_is_asked_for(tmp_path: Path) -> None:
    with FileServer(CONTENT, Answer(drop_after=200_000, stall_s=1.0)) as server:
        assert fetch(server, tmp_path / "file.zip").path.read_bytes() == CONTENT
    assert server.requests[1]["range"] == "bytes=200000-"


def test_wrong_size_is_refused_before_anything_is_kept(tmp_path: Path) -> None:
    with FileServer(CONTENT) as server, pytest.raises(HilumError, match=r"offers 700,000 bytes.*700,001 bytes"):
        fetch(server, tmp_path / "file.zip", size_bytes=700_001)
    assert names(tmp_path) == []


def test_file_shorter_than_it_declares_is_never_taken_for_whole(tmp_path: Path) -> None:
    answer = Answer(declares=len(CONTENT) + 10)
    with FileServer(CONTENT, answer) as server, pytest.raises(HilumError, match="offers 700,000 bytes"):
        fetch(server, tmp_path / "file.zip", checksum=None, size_bytes=len(CONTENT) + 10)
    assert not (tmp_path / "file.zip").exists()


def test_server_that_declares_no_length_is_held_to_the_known_size(tmp_path: Path) -> None:
    with FileServer(CONTENT, Answer(declares=-1, drop_after=500_000)) as server:
        assert fetch(server, tmp_path / "file.zip", size_bytes=len(CONTENT)).path.read_bytes() == CONTENT


def test_wrong_checksum_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with FileServer(CONTENT) as server, pytest.raises(HilumError, match=r"SHA256.*as published"):
        fetch(server, tmp_path / "file.zip", checksum=Checksum("sha256", "0" * 64))
    assert names(tmp_path) == []


def test_md5_is_checked_where_the_origin_publishes_one(tmp_path: Path) -> None:
    checksum = Checksum("md5", hashlib.md5(CONTENT, usedforsecurity=False).hexdigest())
    with FileServer(CONTENT) as server:
        assert fetch(server, tmp_path / "file.zip", checksum=checksum).checksum == checksum


def test_first_checksum_is_recorded_and_a_later_download_compared_with_it(tmp_path: Path) -> None:
    target = tmp_path / "file.zip"
    with FileServer(CONTENT) as server:
        assert fetch(server, target, checksum=None).is_first
    assert (tmp_path / "file.zip.sha256").read_text() == f"{SHA256.hexdigest}  file.zip\n"
    target.unlink()
    with FileServer(CONTENT) as server:
        assert not fetch(server, target, checksum=None).is_first
    target.unlink()
    with FileServer(CONTENT[::-1]) as server, pytest.raises(HilumError, match="as at the first download"):
        fetch(server, target, checksum=None)
    assert not target.exists()


def test_file_put_there_by_hand_is_checked_and_not_downloaded(tmp_path: Path) -> None:
    target = tmp_path / "file.zip"
    target.write_bytes(CONTENT)
    with FileServer(CONTENT) as server:
        assert fetch(server, target).was_there
        target.write_bytes(CONTENT[:-1])
        with pytest.raises(HilumError, match="Remove"):
            fetch(server, target)
    assert server.requests == []
    assert target.exists()


@pytest.mark.parametrize(
    ("status", "meaning"), [(404, "there is no such file"), (401, "the token is not accepted"), (403, "refused")]
)
def test_refusal_is_one_sentence_with_the_ways_out_and_not_repeated(tmp_path: Path, status: int, meaning: str) -> None:
    with FileServer(CONTENT, Answer(status=status)) as server, pytest.raises(HilumError, match=meaning) as caught:
        fetch(server, tmp_path / "file.zip")
    assert caught.value.do == "Try the mirror."
    assert len(server.requests) == 1
    assert names(tmp_path) == []


def test_busy_server_is_waited_for_as_long_as_it_asks(tmp_path: Path) -> None:
    pauses = Pauses()
    with FileServer(CONTENT, Answer(status=503, retry_after="7"), Answer(status=429)) as server:
        download(Remote(server.url), tmp_path / "file.zip", Patience(sleep=pauses))
    assert pauses.seconds == [7.0, 2.0]


def test_pauses_double_and_end(tmp_path: Path) -> None:
    pauses = Pauses()
    answers = [Answer(drop_after=10), *[Answer(status=500)] * 20]
    with FileServer(CONTENT, *answers) as server, pytest.raises(HilumError, match="answered 500"):
        download(Remote(server.url), tmp_path / "file.zip", Patience(sleep=pauses))
    assert pauses.seconds == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    assert (tmp_path / "file.zip.part").stat().st_size == 10  # kept for the next run


def test_machine_without_network_hears_it_soon(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    pauses = Pauses()
    with pytest.raises(HilumError, match="could not be reached: Connection refused") as caught:
        remote = Remote(f"http://127.0.0.1:{port}/file.zip", ways_out="Try the mirror.")
        download(remote, tmp_path / "file.zip", Patience(sleep=pauses))
    assert caught.value.do == "Try the mirror."
    assert pauses.seconds == [1.0, 2.0]
    assert names(tmp_path) == []


def test_web_page_is_not_taken_for_the_file(tmp_path: Path) -> None:
    page = Answer(content_type="text/html; charset=utf-8")
    with FileServer(b"<html>", page) as server, pytest.raises(HilumError, match="web page"):
        fetch(server, tmp_path / "file.zip")
    assert names(tmp_path) == []


def test_password_is_not_taken_to_another_host(tmp_path: Path) -> None:
    with FileServer(CONTENT) as storage, FileServer(b"", Answer(status=302, location=storage.url)) as server:
        fetch(server, tmp_path / "file.zip", authorization=SECRET)
    assert server.requests[0]["authorization"] == SECRET
    assert "authorization" not in storage.requests[0]


def test_password_stays_with_its_own_host_and_a_resumed_part_is_still_asked_for(tmp_path: Path) -> None:
    with FileServer(CONTENT, Answer(drop_after=9)) as server:
        server.answers += [Answer(status=307, location=server.url)]
        fetch(server, tmp_path / "file.zip", authorization=SECRET)
    assert [request["authorization"] for request in server.requests] == [SECRET] * 3
    assert server.requests[2]["range"] == "bytes=9-"


@pytest.mark.parametrize(
    "location", ["http://example.org/file.zip", "ftp://example.org/file.zip", "file:///etc/passwd"]
)
def test_redirect_to_an_unsafe_address_is_refused(tmp_path: Path, location: str) -> None:
    answer = Answer(status=302, location=location)
    with FileServer(CONTENT, answer) as server, pytest.raises(HilumError, match=r"not a safe address|not allowed"):
        fetch(server, tmp_path / "file.zip")


@pytest.mark.parametrize("url", ["http://example.org/x", "file:///etc/passwd", "ftp://example.org/x", "example.org/x"])
def test_address_must_be_https_or_this_machine(url: str) -> None:
    with pytest.raises(HilumError, match="not a safe address"):
        require_safe(url)
    require_safe("https://example.org/x")


def test_password_and_query_are_never_shown(tmp_path: Path) -> None:
    with FileServer(CONTENT, Answer(status=403)) as server:
        remote = Remote(server.url + "?signature=hidden", authorization=SECRET)
        with pytest.raises(HilumError) as caught:
            download(remote, tmp_path / "file.zip")
    assert "hidden" not in str(caught.value)
    assert SECRET not in repr(remote) + str(caught.value)


def test_second_download_of_the_same_file_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "file.zip"
    with FileServer(CONTENT) as server, Part.of(target), pytest.raises(HilumError, match="under way"):
        fetch(server, target)
    assert server.requests == []
