"""ONNX Runtime Web comes from npm, or from a package that somebody has; nothing unknown is taken."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from hilum.browser import fetching, runtime_files
from hilum.browser.fetching import fetch, main
from hilum.errors import HilumError

_FILES = {name: f"content of {name}".encode() for name in runtime_files.HASHES}


def packed(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, file in files.items():
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(file)
            archive.addfile(member, io.BytesIO(file))
    return content.getvalue()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small package that stands for the pinned one."""
    content = packed(_FILES)
    integrity = base64.b64encode(hashlib.sha512(content).digest()).decode()
    monkeypatch.setattr(fetching, "INTEGRITY", integrity)
    for name, file in _FILES.items():
        monkeypatch.setitem(runtime_files.HASHES, name, hashlib.sha256(file).hexdigest())
    (tmp_path / "package.tgz").write_bytes(content)
    return tmp_path / "package.tgz"


def test_files_of_the_pinned_package_are_taken_and_not_fetched_again(package: Path, tmp_path: Path) -> None:
    folder = tmp_path / "runtime"
    fetch(folder, package)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == _FILES
    package.unlink()
    fetch(folder)  # npm would not know this package


def test_another_package_is_refused(package: Path, tmp_path: Path) -> None:
    package.write_bytes(package.read_bytes() + b"\0")
    with pytest.raises(HilumError, match="is not onnxruntime-web"):
        fetch(tmp_path / "runtime", package)
    assert not (tmp_path / "runtime").exists()


def test_altered_file_is_found_before_it_is_used(package: Path, tmp_path: Path) -> None:
    fetch(tmp_path / "runtime", package)
    (tmp_path / "runtime" / runtime_files.SCRIPT).write_text("alert(1)")
    with pytest.raises(HilumError, match="is not that of onnxruntime-web"):
        runtime_files.runtime_files(tmp_path / "runtime")


def test_missing_files_are_one_sentence_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match=r"has not been fetched.*Run `make web`"):
        runtime_files.runtime_files(tmp_path)


def test_missing_npm_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HilumError, match=r"npm is not installed.*PACKAGE\.tgz"):
        fetch(tmp_path / "runtime")


def test_npm_that_cannot_fetch_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(HilumError, match=r"npm could not fetch .*: no network"):
        fetch(tmp_path / "runtime")


def test_command_ends_with_a_sentence_and_not_with_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "gone.tgz")]) == 2
    assert "gone.tgz" in capsys.readouterr().err


def test_pinned_hash_has_the_length_of_sha512() -> None:
    assert len(base64.b64decode(runtime_files.INTEGRITY)) == 64
