"""hilum report: a run and its evaluation in; card, checklists and PDF out."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from hilum.cli import run as hilum
from hilum.errors import HilumError
from hilum.evaluation import predictions_csv, read_evaluation, write_evaluation
from hilum.modelfolder import open_model_folder, write_model_folder
from hilum.modelfolder.card import model_card
from hilum.recipe import read_recipe
from hilum.reports.checklists import CHECKLISTS, read_checklist
from hilum.reports.pdf import require_pdf
from hilum.reports.proofs import value_at
from hilum.reports.run_files import model_documents, read_evaluation_files
from hilum.verbs.report import report
from stand_ins import manifest, reference_evaluation, reference_predictions


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with a model folder of a packaged recipe; its graph is never opened."""
    place = tmp_path_factory.mktemp("made") / "run"
    recipe = read_recipe("best").model_dump(mode="json")
    made = msgspec.structs.replace(manifest(), recipe=recipe)
    files = {"README.md": model_card(made, loads_in_timm=True).encode(), "model.onnx": b"graph"}
    write_model_folder(place / "model", files, lambda hashes: msgspec.structs.replace(made, files=hashes))
    (place / "history.csv").write_text("epoch,loss\n1,0.5\n2,0.4\n")
    return place


@pytest.fixture(scope="module")
def judged(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `hilum evaluate` would have written for it, with a small page."""
    place = tmp_path_factory.mktemp("made") / "judged"
    evaluation = reference_evaluation()
    model = replace(evaluation.model, model_hash=open_model_folder(run).model_hash)
    write_evaluation(place / "evaluation.json", replace(evaluation, model=model))
    (place / "predictions.csv").write_text(predictions_csv(reference_predictions()))
    (place / "index.html").write_text("<!doctype html><html lang=en><title>x</title><h1>x</h1><svg></svg></html>")
    return place


def another(judged: Path, place: Path) -> Path:
    """The same evaluation made once more, with other draws."""
    shutil.copytree(judged, place)
    evaluation = read_evaluation(place / "evaluation.json")
    write_evaluation(place / "evaluation.json", replace(evaluation, draws=evaluation.draws + 1))
    return place


def _missing_fields(run: Path, judged: Path) -> list[tuple[str, str, str]]:
    """Evidence that no file of the run could ever hold: checklist, item and field."""
    model = open_model_folder(run)
    documents = {one.kind: one for one in (*model_documents(model), *read_evaluation_files(judged, model).documents)}
    return [
        (name, item.number, one.field)
        for name in CHECKLISTS
        for item in read_checklist(name).items
        for one in item.evidence
        if one.file in documents and value_at(documents[one.file].values, one.field) is None
    ]


def test_every_field_that_a_checklist_names_stands_in_the_files(run: Path, judged: Path) -> None:
    assert _missing_fields(run, judged) == []


def test_a_trained_and_judged_model_is_reported(phantom_run: Path, phantom_films: Path, tmp_path: Path) -> None:
    words = ["evaluate", str(phantom_run), str(phantom_films), "--output", str(tmp_path / "judged"), "--draws", "20"]
    assert hilum([*words, "--workspace", str(tmp_path / "workspace")]) == 0
    assert _missing_fields(phantom_run, tmp_path / "judged") == []
    report(phantom_run, evaluation=[tmp_path / "judged"], output=tmp_path / "out", no_pdf=True)
    assert "## Results on" in (tmp_path / "out/README.md").read_text(encoding="utf-8")


def test_documents_hold_the_figures_of_the_evaluation(run: Path, judged: Path, tmp_path: Path) -> None:
    reported = report(run, evaluation=[judged], output=tmp_path / "out", no_pdf=True)
    names = ["README.md", "tripod-ai.html", "tripod-ai.md", "claim.html", "claim.md", "report.json"]
    assert [path.name for path in reported.files] == names
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    auroc = read_evaluation(judged / "evaluation.json").scores.auroc.text()
    for name in ("README.md", "claim.html", "tripod-ai.md"):
        assert auroc in (tmp_path / "out" / name).read_text(encoding="utf-8")
    written = json.loads((tmp_path / "out/report.json").read_text(encoding="utf-8"))
    assert written == reported.as_json()
    assert [len(one["lines"]) for one in written["checklists"]] == [52, 44]
    shown = StringIO()
    Console(file=shown, width=80).print(reported)
    assert "TRIPOD+AI, 27 items" in shown.getvalue() and "supports reporting" in shown.getvalue()


def test_proof_is_what_stands_in_the_named_field(run: Path, judged: Path, tmp_path: Path) -> None:
    report(run, evaluation=[judged], output=tmp_path, no_pdf=True)
    written = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    evaluation = json.loads((judged / "evaluation.json").read_text(encoding="utf-8"))
    [line] = [one for one in written["checklists"][1]["lines"] if one["number"] == "29"]
    values = {proof["field"]: proof["value"] for proof in line["proofs"]}
    assert values["scores.auroc.method"] == evaluation["scores"]["auroc"]["method"]
    assert values["draws"] == f"{evaluation['draws']:,}"


def test_model_alone_leaves_the_results_empty(run: Path, tmp_path: Path) -> None:
    report(run, output=tmp_path)
    assert not list(tmp_path.glob("*.pdf"))
    written = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    state = {line["number"]: line["state"] for line in written["checklists"][0]["lines"]}
    assert (state["23a"], state["12a"], state["22"]) == ("empty", "shown", "shown")
    assert (tmp_path / "README.md").read_bytes() == (run / "model/README.md").read_bytes()


def test_row_of_reproduce_brings_its_evaluation(run: Path, judged: Path, tmp_path: Path) -> None:
    (tmp_path / "row").mkdir()
    (tmp_path / "row/run").symlink_to(run)
    (tmp_path / "row/evaluation").symlink_to(judged)
    report(tmp_path / "row", output=tmp_path / "out", no_pdf=True)
    assert "## Results on" in (tmp_path / "out/README.md").read_text(encoding="utf-8")


def test_page_is_printed_too(run: Path, judged: Path, tmp_path: Path) -> None:
    try:
        require_pdf()
    except HilumError as error:
        pytest.skip(str(error))
    report(run, evaluation=[judged, another(judged, tmp_path / "judged")], output=tmp_path / "out")
    for name in ("evaluation.pdf", "evaluation-2.pdf"):
        assert (tmp_path / "out" / name).read_bytes().startswith(b"%PDF")
    text = (tmp_path / "out/claim.md").read_text(encoding="utf-8")
    assert "`judged/evaluation.json`" in text and "`judged/evaluation.json (2)`" in text
    (tmp_path / "out/notes.txt").write_text("mine")
    report(run, evaluation=[judged], output=tmp_path / "out")
    assert (tmp_path / "out/evaluation.pdf").exists() and not (tmp_path / "out/evaluation-2.pdf").exists()
    assert (tmp_path / "out/notes.txt").read_text() == "mine"


def test_missing_pdf_library_is_told_before_anything_is_written(
    run: Path, judged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(HilumError, match=r"pip install 'hilum\[pdf\]'"):
        report(run, evaluation=[judged], output=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    report(run, evaluation=[judged], output=tmp_path / "out", no_pdf=True)


def test_evaluation_of_another_model_is_refused(run: Path, judged: Path, tmp_path: Path) -> None:
    shutil.copytree(judged, tmp_path / "other")
    evaluation = read_evaluation(judged / "evaluation.json")
    model = replace(evaluation.model, model_hash="f" * 64, name="other")
    write_evaluation(tmp_path / "other/evaluation.json", replace(evaluation, model=model))
    with pytest.raises(HilumError, match=r"is of the model ffffffffffff \('other'\)"):
        report(run, evaluation=[tmp_path / "other"], output=tmp_path / "out", no_pdf=True)


def _audit(folder: Path, **values: object) -> Path:
    folder.mkdir(parents=True)
    (folder / "audit.json").write_text(json.dumps(values))
    return folder


def test_audit_proves_its_lines(run: Path, judged: Path, tmp_path: Path) -> None:
    worst = {"auroc": {"value": 0.9, "low": 0.8, "high": 0.95, "method": "x"}}
    robust = {"model_hash": open_model_folder(run).model_hash, "kinds": [{"name": "blur", "steps": [{}, worst]}]}
    probes = [{"name": "border", "verdict": "tells nothing"}]
    folders = [
        _audit(tmp_path / "robustness", kind="robustness", data_name="kermany", **robust),
        _audit(tmp_path / "shortcuts", kind="shortcuts", data_name="kermany", model=None, probes=probes),
    ]
    report(run, evaluation=[judged], audit=folders, output=tmp_path / "out", no_pdf=True)
    text = (tmp_path / "out/claim.md").read_text(encoding="utf-8")
    assert "blur 0.900 [0.800, 0.950] (`robustness/audit.json` `kinds`)" in text
    assert "border: tells nothing (`shortcuts/audit.json` `probes`)" in text


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"kind": "robustness", "model_hash": "f" * 64}, "is of another model than"),
        ({"kind": "shortcuts", "model": {"model": "x", "model_hash": "f" * 64}}, "is of another model than"),
        ({"kind": "shift", "model": "x"}, "does not say of which"),
        ({"kind": "shift", "model": "x", "model_hash": "f" * 64}, "is of another model than"),
        ({"kind": "shift", "model": "", "specificity": {"model": "x", "model_hash": "f" * 64}}, "is of another model"),
        ({"kind": "shift", "model": "", "specificity": None, "data_name": "nih"}, "is of the data 'nih'"),
        ({"kind": "shortcuts", "model": None}, "is of the data ''"),
        ({"kind": "beauty"}, "is not an audit"),
        ({}, "is not an audit"),
    ],
)
def test_audit_of_something_else_is_refused(run: Path, tmp_path: Path, values: dict[str, object], told: str) -> None:
    with pytest.raises(HilumError, match=told):
        report(run, audit=[_audit(tmp_path / "audit", **values)], output=tmp_path / "out")


def test_audit_of_the_data_of_an_evaluation_is_taken(run: Path, judged: Path, tmp_path: Path) -> None:
    shutil.copytree(judged, tmp_path / "ward")
    evaluation = read_evaluation(judged / "evaluation.json")
    films = replace(evaluation.films, data_name="ward")
    write_evaluation(tmp_path / "ward/evaluation.json", replace(evaluation, films=films))
    audit = _audit(tmp_path / "audit", kind="shortcuts", data_name="ward", probes=[])
    report(run, evaluation=[tmp_path / "ward"], audit=[audit], output=tmp_path / "out", no_pdf=True)
    with pytest.raises(HilumError, match="is of the data 'ward'"):
        report(run, evaluation=[judged], audit=[audit], output=tmp_path / "out", no_pdf=True)


def test_the_same_evaluation_twice_is_refused(run: Path, judged: Path, tmp_path: Path) -> None:
    shutil.copytree(judged, tmp_path / "copy")
    for again in (judged, tmp_path / "copy"):
        with pytest.raises(HilumError, match="holds the same evaluation as"):
            report(run, evaluation=[judged, again], output=tmp_path / "out", no_pdf=True)


def test_files_of_an_earlier_report_that_are_not_written_again_are_removed(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    report(run, output=out)
    written = json.loads((out / "report.json").read_text(encoding="utf-8"))
    written["files"] += ["elsewhere/evaluation.pdf", "../outside.pdf", "..", ""]
    (out / "report.json").write_text(json.dumps(written))
    for place in (out / "evaluation.pdf", out / "mine.txt", tmp_path / "outside.pdf"):
        place.write_text("x")
    report(run, output=out)
    assert not (out / "evaluation.pdf").exists()
    assert (out / "mine.txt").exists() and (tmp_path / "outside.pdf").exists()


def test_report_of_something_else_is_left_alone(run: Path, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text('{"files": ["mine.txt"]}')
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(HilumError, match=r"report\.json' is of something else"):
        report(run, output=tmp_path)
    assert (tmp_path / "mine.txt").exists()


def test_output_that_is_a_file_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    for output in (tmp_path / "out", tmp_path / "out" / "deeper"):
        with pytest.raises(HilumError, match="out' is a file"):
            report(tmp_path / "no run", output=output)


def test_files_of_somebody_else_are_left_alone(run: Path, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(HilumError, match=r"holds 'README\.md' already"):
        report(run, output=tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"


def test_report_is_written_again_into_its_own_folder(run: Path, tmp_path: Path) -> None:
    for _ in range(2):
        report(run, output=tmp_path / "out")


@pytest.mark.parametrize("missing", ["evaluation.json", "index.html"])
def test_folder_without_an_evaluation_is_refused(run: Path, judged: Path, tmp_path: Path, missing: str) -> None:
    shutil.copytree(judged, tmp_path / "part")
    (tmp_path / "part" / missing).unlink()
    with pytest.raises(HilumError, match=rf"Could not read '.*{missing}'"):
        report(run, evaluation=[tmp_path / "part"], output=tmp_path / "out", no_pdf=True)


def test_run_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="is not a model folder"):
        report(tmp_path, output=tmp_path / "out")
