"""hilum audit shift and hilum audit shortcuts: films in; table, JSON and page out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from hilum.errors import HilumError
from hilum.evaluation import predictions_csv, write_evaluation
from hilum.json_files import as_json
from hilum.modelfolder import open_model_folder
from hilum.verbs.audit_shift import shift
from hilum.verbs.audit_shortcuts import shortcuts
from stand_ins import reference_evaluation, reference_predictions

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


@pytest.fixture
def own_films(phantom_films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the phantom films under the name they were trained by, in a workspace of its own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(phantom_films, tmp_path / phantom_films.name)
    return tmp_path / phantom_films.name


def shown(answer: object) -> str:
    console = Console(width=80, record=True, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(answer)
    return capture.get()


def test_shortcuts_with_a_model(own_films: Path, phantom_run: Path) -> None:
    found = shortcuts(own_films, model=phantom_run)
    audit, text = found.audit, shown(found)
    assert json.loads(as_json(found.as_json()))["audit"]["kind"] == "shortcuts"
    assert audit.test is not None and audit.model is not None
    assert "select patients" in audit.model.chosen
    assert not list(Path("hilum-data").rglob("looks.jsonl"))  # select films are no look
    assert max(map(len, text.splitlines())) <= 80
    page = found.files.page.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") and page.count("<img") == 3 and "Lungs alone" in page
    assert json.loads(found.files.json.read_text())["fingerprint"] == audit.fingerprint
    for one in audit.probes:
        assert one.name in text and one.name in page


def test_shortcuts_of_one_folder_have_no_other_to_be_tried_on(own_films: Path) -> None:
    found = shortcuts(own_films, split="test")
    assert found.audit.part == "the folder test" and found.audit.test is None
    assert "on the test" not in shown(found)


def test_same_films_same_page(own_films: Path) -> None:
    first, second = (shortcuts(own_films, split="test", output=Path(name)) for name in "ab")
    assert first.audit.probes == second.audit.probes


def test_shift_with_model_and_external_films(own_films: Path, phantom_run: Path, tmp_path: Path) -> None:
    shutil.copytree(own_films, tmp_path / "elsewhere")
    found = shift(own_films, external=[tmp_path / "elsewhere"], model=phantom_run)
    audit, text = found.audit, shown(found)
    assert [name for name, _ in audit.sets] == ["test", "elsewhere"]
    assert {one.view for one in audit.domains} == {"model features", "grey levels", "file traits"}
    assert max(map(len, text.splitlines())) <= 80
    page = found.files.page.read_text(encoding="utf-8")
    assert page.count("<svg") == 2 and page.count("<img") == 6
    assert json.loads(as_json(found.as_json()))["audit"]["kind"] == "shift"
    assert audit.model_hash == open_model_folder(phantom_run).model_hash
    assert not list(Path("hilum-data").rglob("looks.jsonl"))


def test_shift_takes_the_evaluation_of_its_own_model_only(own_films: Path, phantom_run: Path) -> None:
    Path("other").mkdir()
    write_evaluation(Path("other/evaluation.json"), reference_evaluation())
    Path("other/predictions.csv").write_text(predictions_csv(reference_predictions()))
    with pytest.raises(HilumError, match="The evaluation is of the model"):
        shift(own_films, model=phantom_run, evaluation=Path("other"))
    found = shift(own_films, evaluation=Path("other")).audit
    assert found.specificity is not None and found.model_hash == ""
    assert found.specificity.model_hash == reference_evaluation().model.model_hash


def test_an_audit_of_something_else_is_left_alone(own_films: Path) -> None:
    shift(own_films, output=Path("out"))
    before = Path("out/index.html").read_bytes()
    with pytest.raises(HilumError, match=r"holds 'index\.html' of something else"):
        shortcuts(own_films, output=Path("out"))
    assert Path("out/index.html").read_bytes() == before


def test_what_cannot_be_asked_is_refused_in_one_sentence(own_films: Path, tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="no part 'tset'"):
        shortcuts(own_films, split="tset")
    with pytest.raises(HilumError, match="has no films in a folder 'val'"):
        shortcuts(own_films, split="val")
    with pytest.raises(HilumError, match="has no inside"):
        shortcuts(own_films, lung_box=(0.9, 0.1, 0.1, 0.9))
    with pytest.raises(HilumError, match="0 in a test folder"):
        shift(own_films / "train")
    with pytest.raises(HilumError, match="Could not read"):
        shift(own_films, evaluation=tmp_path / "nothing")
