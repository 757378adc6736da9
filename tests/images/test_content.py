"""What is refused before anything is decoded: no regular file, empty, too large, another kind of file."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from hilum.errors import HilumError
from hilum.images import IMAGE_SUFFIXES, Limits, read_film
from picture_files import encoded, random_bytes

PNG = encoded(random_bytes(6, 8), "PNG")
READABLE = "a JPEG, PNG, TIFF or BMP image"


def refusal(source: Path | bytes, name: str | None = None) -> HilumError:
    """The error, after a look at its three parts."""
    with pytest.raises(HilumError) as caught:
        read_film(source, name=name)
    error = caught.value
    assert error.happened.endswith(".") and error.do.endswith(".") and error.expected and "\n" not in str(error)
    str(error).encode("utf-8")
    return error


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "is empty (0 bytes)"),
        (b"just a note about the patient\n", "holds text"),
        ("Befund: unauffällig, Größe 3 µm".encode() * 20, "holds text"),
        (b"<!DOCTYPE html><html>not found</html>", "holds HTML or XML text"),
        (bytes(700), "holds zero bytes only"),
        (bytes(range(128, 200)), "holds unknown data (first bytes 80 81 82 83 84 85 86 87)"),
        (encoded(random_bytes(4, 4), "GIF"), "holds a GIF image"),
        (encoded(random_bytes(4, 4), "WEBP"), "holds a WebP image"),
        (b"8BPS\0\1" + bytes(40), "holds a Photoshop document"),
        (b"SIMPLE  =                    T", "holds a FITS image"),
        (bytes(128) + b"DICM" + bytes(40), "holds a DICOM file"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "holds a HEIC image"),
        (b"%PDF-1.7\n", "holds a PDF document"),
        (b"PK\x03\x04" + bytes(40), "holds a ZIP archive"),
    ],
)
def test_another_kind_of_file_named_jpeg_is_named(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "film.jpeg"
    path.write_bytes(content)
    error = refusal(path)
    assert error.happened == f"'{path}' {found}."
    assert error.expected == READABLE


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).happened == f"'{tmp_path}' is a folder."


def test_a_named_pipe_does_not_hang(tmp_path: Path) -> None:
    pipe = tmp_path / "film.png"
    os.mkfifo(pipe)
    assert refusal(pipe).happened == f"'{pipe}' is a named pipe."


def test_a_socket_and_a_device_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "'/dev/zero' is a device" in refusal(Path("/dev/zero")).happened
    monkeypatch.chdir(tmp_path)  # the name of a socket may not be long
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("film.png")
        assert "'film.png' is a socket" in refusal(Path("film.png")).happened


def test_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / "b.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    error = refusal(tmp_path / "a.png")
    assert "a.png" in error.happened and error.expected == "a path without circular links"


def test_a_link_to_a_film_is_read(tmp_path: Path) -> None:
    (tmp_path / "film.png").write_bytes(PNG)
    (tmp_path / "link.png").symlink_to("film.png")
    assert read_film(tmp_path / "link.png").width_px == 8


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    error = refusal(tmp_path / "film.png")
    assert "film.png" in error.happened and "No such file" in error.happened


def test_a_path_with_a_zero_byte_is_refused() -> None:
    assert refusal(Path("film\0.png")).happened == "'film\\x00.png' holds a zero byte."


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Give up root's right to read everything, for a while."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    path.write_bytes(PNG)
    path.chmod(0)
    with _as_nobody():
        error = refusal(path)
    assert "film.png" in error.happened and "Permission denied" in error.happened
    assert error.expected == "permission to do so"


def test_a_name_that_is_not_utf8_is_read_and_shown(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/film-\xff.png"))
    path.write_bytes(PNG)
    assert read_film(path).height_px == 6
    path.write_bytes(b"")
    assert "film-\\xff.png' is empty" in refusal(path).happened


@pytest.mark.parametrize("as_bytes", [True, False])
def test_more_bytes_than_the_limit_are_refused_unread(tmp_path: Path, as_bytes: bool) -> None:
    path = tmp_path / "film.png"
    path.write_bytes(PNG)
    with pytest.raises(HilumError, match=rf"has {len(PNG)} bytes. Expected at most {len(PNG) - 1} bytes"):
        read_film(PNG if as_bytes else path, limits=Limits(bytes=len(PNG) - 1))
    assert read_film(PNG, limits=Limits(bytes=len(PNG))).width_px == 8


def test_a_sparse_file_beyond_the_limit_is_refused_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    with path.open("wb") as file:
        file.write(PNG)
        file.truncate(2**40)
    assert "1,099,511,627,776 bytes" in refusal(path).happened


def test_bytes_are_called_by_the_given_name() -> None:
    assert refusal(b"", name="upload 3.png").happened == "'upload 3.png' is empty (0 bytes)."
    assert refusal(b"").happened == "'the image' is empty (0 bytes)."


def test_content_decides_and_a_wrong_suffix_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "film.JPG"
    path.write_bytes(PNG)
    film = read_film(path)
    assert film.source_format == "PNG"
    assert film.notes == ("Named .jpg, but it is a PNG file.",)


@pytest.mark.parametrize("suffix", sorted(IMAGE_SUFFIXES))
def test_every_image_suffix_belongs_to_a_format(suffix: str) -> None:
    formats = {
        name for name in ("JPEG", "PNG", "TIFF", "BMP") if not read_film(_film(name), name=f"film{suffix}").notes
    }
    assert len(formats) == 1


def _film(format_name: str) -> bytes:
    return encoded(np.zeros((4, 4), np.uint8), format_name)
