"""hilum predict --report: a page or a PDF beside the answers, which stay as they are without it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from hilum.cli import run as hilum
from hilum.errors import HilumError
from hilum.reports.pdf import require_pdf
from hilum.runtime.neighbours import SIMILAR
from hilum.verbs.film_report_file import require_report
from hilum.verbs.predict import predict


@pytest.fixture
def ward(phantom_films: Path, tmp_path: Path) -> Path:
    """Three films and a file that is none."""
    (tmp_path / "ward").mkdir()
    for number, film in enumerate(sorted((phantom_films / "test").rglob("*.*"))[:3]):
        shutil.copy(film, tmp_path / "ward" / f"{number}.jpeg")
    (tmp_path / "ward" / "odd.png").write_text("no film")
    return tmp_path / "ward"


def _unpacked(document: bytes) -> bytes:
    """The document with every stream that can be unpacked in plain bytes."""
    parts = [document]
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", document, re.DOTALL):
        with suppress(zlib.error):
            parts.append(zlib.decompress(stream))
    return b"\n".join(parts)


def test_report_is_one_page_and_changes_no_answer(ward: Path, phantom_run: Path, tmp_path: Path) -> None:
    plain = predict([ward], model=phantom_run, operating_point="youden")
    told = predict([ward], model=phantom_run, operating_point="youden", report=tmp_path / "new" / "out.html")
    page = (tmp_path / "new" / "out.html").read_text(encoding="utf-8")
    assert plain == replace(told, written=()) and told.written and plain.exit_status == 1 and SIMILAR == 5
    assert "Report on 4 chest films" in page and page.count("<article") == 4 and page.count("data:image/jpeg") == 6
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out.html"]


def test_one_film_is_one_page_without_a_list(ward: Path, phantom_run: Path, tmp_path: Path) -> None:
    assert (
        hilum(["predict", str(ward / "0.jpeg"), "--model", str(phantom_run), "--report", str(tmp_path / "a.HTML")]) == 0
    )
    page = (tmp_path / "a.HTML").read_text(encoding="utf-8")
    assert page.count("<article") == 1 and "Films given" not in page and "Report on 0.jpeg" in page


def test_report_with_maps_draws_both(ward: Path, phantom_run: Path, tmp_path: Path) -> None:
    predict([ward / "0.jpeg"], model=phantom_run, maps=tmp_path / "maps", report=tmp_path / "a.html")
    assert (tmp_path / "maps" / "0-map.png").is_file() and (tmp_path / "a.html").is_file()


def test_pdf_has_a_page_a_film_after_its_list(ward: Path, phantom_run: Path, tmp_path: Path) -> None:
    try:
        require_pdf()
    except HilumError as error:
        pytest.skip(str(error))
    predict([ward], model=phantom_run, report=tmp_path / "out.pdf", language="fr")
    content = _unpacked((tmp_path / "out.pdf").read_bytes())
    assert len(re.findall(rb"/Type ?/Page\b", content)) == 5
    assert b"pdfuaid:part" in content and b"/Lang (fr)" in content and b"/ToUnicode" in content


def test_french_site_has_french_reports_unless_asked_otherwise(
    ward: Path, phantom_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hilum.toml").write_text('language = "fr"\nprevalence = 0.05', encoding="utf-8")
    ask = ["predict", str(ward / "0.jpeg"), "--model", str(phantom_run), "--site", str(tmp_path)]
    assert hilum([*ask, "--report", str(tmp_path / "fr.html")]) == 0
    assert '<html lang="fr">' in (tmp_path / "fr.html").read_text(encoding="utf-8")
    told = " ".join(capsys.readouterr().out.split())
    assert "decided the prevalence (0.05) and the language of the report." in told
    assert hilum([*ask, "--report", str(tmp_path / "en.html"), "--language", "en", "--json"]) == 0
    assert '<html lang="en">' in (tmp_path / "en.html").read_text(encoding="utf-8")
    assert json.loads(capsys.readouterr().out)["site_decided"] == ["prevalence"]
    assert hilum([*ask, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["site_decided"] == ["prevalence"]


@pytest.mark.parametrize(
    ("name", "language", "told"),
    [
        (
            "out.htm",
            None,
            "out.htm' ends in '.htm'. Expected a file name ending in .html or .pdf. Did you mean '.html'?",
        ),
        ("out.docx", None, "ends in '.docx'"),
        ("out", None, "out' has no ending"),
        ("", None, "Expected a file"),
        ("folder.html", None, "folder.html' is a folder"),
        ("file/out.html", None, "file"),
        ("out.html", "fra", "no report in the language 'fra'. Expected one of en, fr. Did you mean 'fr'?"),
        ("out.html", "", "no report in the language ''"),
    ],
)
def test_report_that_cannot_be_is_refused_before_any_film_is_looked_at(
    ward: Path,
    phantom_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    language: str | None,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("hilum.runtime.Answering.of", lambda *_, **__: pytest.fail("a film was looked at"))
    with pytest.raises(HilumError) as error:
        predict([ward], model=phantom_run, report=Path(name), language=language)
    assert told in str(error.value)


def test_report_costs_nothing_where_none_is_asked_for() -> None:
    code = "import sys, hilum.verbs.predict; print([name for name in sys.modules if name.startswith('hilum.reports')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_language_without_a_report_is_refused(ward: Path, phantom_run: Path) -> None:
    with pytest.raises(HilumError, match="no report"):
        predict([ward], model=phantom_run, language="fr")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_folder_that_takes_no_file_is_one_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(HilumError, match="Permission denied"):
        require_report(tmp_path / "out.html", "en")


def test_full_disc_leaves_the_older_report(small_disc: Path, ward: Path, phantom_run: Path) -> None:
    (small_disc / "out.html").write_text("older")
    (small_disc / "rest").write_bytes(bytes(50_000))
    with pytest.raises(HilumError, match="No space left"):
        predict([ward], model=phantom_run, report=small_disc / "out.html")
    assert (small_disc / "out.html").read_text() == "older"


def test_missing_library_for_pdf_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(HilumError, match=r"pip install 'hilum\[pdf\]'"):
        require_report(tmp_path / "out.pdf", "en")
    require_report(tmp_path / "out.html", "en")
