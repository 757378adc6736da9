"""The page on paper: a tagged PDF of the same HTML; a missing library is one sentence."""

from __future__ import annotations

import re
import socket
import sys
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.reports import pdf
from hilum.reports.page import evaluation_page
from hilum.reports.pdf import pdf_of, require_pdf
from stand_ins import reference_evaluation, reference_predictions


@pytest.fixture(autouse=True)
def _library(request: pytest.FixtureRequest) -> None:
    """WeasyPrint needs Pango, which pip cannot install."""
    if "missing" not in request.node.name:
        try:
            require_pdf()
        except HilumError as error:
            pytest.skip(str(error))


def _page(body: str) -> str:
    return f"<!doctype html><html lang=en><head><title>A page</title></head><body><h1>A page</h1>{body}</body></html>"


def _unpacked(document: bytes) -> bytes:
    """The document with every stream that can be unpacked in plain bytes."""
    parts = [document]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", document, re.DOTALL):
        with suppress(zlib.error):
            parts.append(zlib.decompress(stream))
    return b"\n".join(parts)


def test_evaluation_becomes_a_tagged_document_of_a_few_pages() -> None:
    made = pdf_of(evaluation_page(reference_evaluation(), reference_predictions()))
    assert made.startswith(b"%PDF-1.7")
    contents = _unpacked(made)
    assert b"pdfuaid:part" in contents and b"/StructTreeRoot" in contents
    assert b"mobilenetv2-frozen on kermany (test)" in contents
    assert 2 <= len(re.findall(rb"/Type ?/Page\b", contents)) <= 12


def test_same_page_gives_the_same_bytes() -> None:
    assert pdf_of(_page("<p>Text.</p>")) == pdf_of(_page("<p>Text.</p>"))


def test_nothing_is_fetched_for_a_page() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        sheets = f'<link rel="stylesheet" href="{address}.css"><style>@import "{address}";</style>'
        body = f'<img src="{address}.png" alt="x">{sheets}'
        assert pdf_of(_page(body)).startswith(b"%PDF")
        with pytest.raises(BlockingIOError):
            server.accept()


def test_local_files_stay_out_of_it(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    address = (tmp_path / "secret.txt").as_uri()
    made = pdf_of(_page(f'<link rel="attachment" href="{address}"><a rel="attachment" href="{address}">x</a>'))
    assert b"/EmbeddedFile" not in _unpacked(made)


def test_missing_library_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(HilumError, match=r"Writing a PDF needs libraries .* Run: pip install 'hilum\[pdf\]'"):
        require_pdf()


def test_missing_pango_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_pango(name: str) -> None:
        raise OSError("cannot load library 'libpango-1.0-0': no such file\nAdditionally, more lines")

    monkeypatch.setattr(pdf, "import_module", without_pango)
    with pytest.raises(HilumError) as error:
        require_pdf()
    assert "apt install libpango-1.0-0" in str(error.value)
    assert "\n" not in str(error.value)
