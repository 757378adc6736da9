"""hilum explain: films and models in; maps, page and table out."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from hilum.errors import HilumError
from hilum.explaining.methods import method_for
from hilum.images import read_film, to_square
from hilum.json_files import as_json
from hilum.reports.explained import look_into
from hilum.runtime import Predictor
from hilum.verbs.explain import Explained, explain

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


@pytest.fixture
def ward(phantom_films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two films of each class in folders of their classes; the workspace is a folder of its own."""
    monkeypatch.chdir(tmp_path)
    for label in ("NORMAL", "PNEUMONIA"):
        (tmp_path / "ward" / label).mkdir(parents=True)
        for film in sorted((phantom_films / "train" / label).iterdir())[:2]:
            shutil.copy(film, tmp_path / "ward" / label)
    return tmp_path / "ward"


@pytest.fixture
def other_run(phantom_run: Path, tmp_path: Path) -> Path:
    """A second model: the same graph under another name, which calls everything pneumonia."""
    model = tmp_path / "other"
    shutil.copytree(phantom_run / "model", model)
    manifest = json.loads((model / "hilum.json").read_text(encoding="utf-8"))
    manifest["name"] = "hasty"
    for point in manifest["operating_points"]:
        point["threshold"] = 0.0
    (model / "hilum.json").write_text(json.dumps(manifest), encoding="utf-8")
    return model


def shown(answer: Explained) -> str:
    """What stands in a terminal of 80 columns."""
    console = Console(width=80, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(answer)
    return capture.get()


def test_every_film_gets_a_map_at_its_own_resolution_and_a_place_on_the_page(phantom_run: Path, ward: Path) -> None:
    answer = explain([ward], model=[phantom_run], output=Path("out"))
    page = answer.page.read_text(encoding="utf-8")
    assert answer.exit_status == 0 and len(answer.explanation.films) == 4
    for film in answer.explanation.films:
        [said] = film.answers
        [file] = said.files
        with Image.open(Path("out") / file) as drawn, Image.open(film.path) as original:
            assert drawn.width > original.width and drawn.height > original.height  # colour bar and caption
        assert f'href="{file}"' in page and film.path in page
        assert film.label == Path(film.path).parent.name.lower()
    assert "The network has one logit" in page and "not a medical device" in page
    assert "<script" not in page and not re.search(r'(src|href)="https?:', page)
    assert max(map(len, shown(answer).splitlines())) <= 80


def test_film_that_the_model_was_made_with_is_told_from_one_it_never_met(
    phantom_run: Path, phantom_films: Path, ward: Path
) -> None:
    made = explain([ward], model=[phantom_run], output=Path("out")).explanation
    test = sorted((phantom_films / "test" / "NORMAL").iterdir())[:2]
    new = explain(test, model=[phantom_run], output=Path("new")).explanation
    assert all(film.answers[0].has_met for film in made.films)
    assert not any(film.answers[0].has_met for film in new.films)
    assert "A model was made with 4 films of these" in " ".join(shown(Explained(made, Path("page"))).split())


def test_models_stand_side_by_side_and_the_worst_error_comes_first(
    phantom_run: Path, other_run: Path, ward: Path
) -> None:
    answer = explain([ward], model=[phantom_run, other_run], method=["map", "occlusion"], output=Path("out"))
    films, models = answer.explanation.films, answer.explanation.models
    assert [model.name for model in models] == ["cnn-scratch", "hasty"]
    assert [film.is_wrong for film in films] == [True, True, False, False]
    assert {film.label for film in films[:2]} == {"normal"}
    worst, next_one = (film.answers[1].prediction.probability for film in films[:2])
    assert worst is not None and next_one is not None and worst >= next_one
    assert all(len(said.files) == 2 for film in films for said in film.answers)
    assert all(method.full_colour > 0 for model in models for method in model.methods)
    text = shown(answer)
    assert "wrong" in text and "2 of 4 films" in text and max(map(len, text.splitlines())) <= 80


def test_map_above_normal_says_against_what_it_is_held(phantom_run: Path, ward: Path) -> None:
    answer = explain([ward / "NORMAL"], model=[phantom_run], method=["above-normal"], output=Path("out"))
    [method] = answer.explanation.models[0].methods
    assert (
        method.title == "Activation map above normal, last feature maps" and "normal training films" in method.in_words
    )
    assert method.trust.standing == "not measured"
    assert all(Path("out", file).exists() for file in answer.explanation.files)


def test_bad_films_are_listed_with_their_reason_and_the_exit_status_is_1(phantom_run: Path, ward: Path) -> None:
    (ward / "text.png").write_text("no film")
    lines = np.full((200, 200), 245, np.uint8)
    lines[10:190:8, 10:190] = 20
    Image.fromarray(lines).save(ward / "page.png")
    answer = explain([ward], model=[phantom_run], output=Path("out"))
    assert answer.exit_status == 1
    page, text = answer.page.read_text(encoding="utf-8"), " ".join(shown(answer).split())
    assert [film.is_assessed for film in answer.explanation.films] == [True] * 4 + [False] * 2
    for said in ("holds text", "does not look like a chest film"):
        assert said in page and said in text
    assert "2 films have no answer" in page
    assert not [path for path in Path("out").iterdir() if path.name.startswith(("text", "page"))]


def test_json_names_every_file_and_holds_no_picture(phantom_run: Path, ward: Path) -> None:
    answer = explain([ward / "NORMAL"], model=[phantom_run], output=Path("out"))
    said = json.loads(as_json(answer.as_json()))
    written = json.loads((Path("out") / "explanation.json").read_text(encoding="utf-8"))
    assert said["kind"] == written["kind"] == "explanation" and "data:image" not in json.dumps(said)
    assert said["films"] == written["films"]
    assert {path.name for path in Path("out").iterdir()} == {*written["files"], "index.html", "explanation.json"}


def test_films_of_one_name_do_not_replace_each_other(phantom_run: Path, ward: Path) -> None:
    for place in ("x", "y"):
        (ward / place).mkdir()
        shutil.copy(next((ward / "NORMAL").iterdir()), ward / place / "a <b>&.jpeg")
    answer = explain([ward / "x", ward / "y"], model=[phantom_run], output=Path("out"))
    page = answer.page.read_text(encoding="utf-8")
    assert len(set(answer.explanation.files)) == 2 and "<b>&.jpeg" not in page
    assert 'href="a%20%3Cb%3E%26-cnn-scratch-map.png"' in page


def test_maps_of_an_earlier_run_go_and_what_hilum_did_not_write_stays(phantom_run: Path, ward: Path) -> None:
    explain([ward], model=[phantom_run], output=Path("out"))
    (Path("out") / "mine.png").write_bytes(b"mine")
    record = json.loads((Path("out") / "explanation.json").read_text(encoding="utf-8"))
    record["files"] += ["../other.png", "/other.png", "mine.txt", "linked/other.png", "C:other.png"]
    (Path("out") / "linked").symlink_to(Path.cwd())
    (Path("out") / "C:other.png").write_bytes(b"another drive")
    (Path("out") / "explanation.json").write_text(json.dumps(record), encoding="utf-8")
    Path("other.png").write_bytes(b"elsewhere")
    kept = explain([ward / "NORMAL"], model=[phantom_run], output=Path("out"))
    left = {path.name for path in Path("out").glob("*.png")}
    assert left == {*kept.explanation.files, "mine.png", "C:other.png"} and Path("other.png").exists()


def named(run: Path, folder: Path, name: str) -> Path:
    """A copy of the run's model under another name."""
    shutil.copytree(run / "model", folder)
    manifest = json.loads((folder / "hilum.json").read_text(encoding="utf-8"))
    manifest["name"] = name
    (folder / "hilum.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("stems", "names"), [(["a"], ["cnn 1", "cnn-1"]), (["a", "a-b"], ["b-c", "c"]), (["A", "a"], ["x", "y"])]
)
def test_names_that_are_spelt_alike_in_the_end_get_a_file_each(
    stems: list[str], names: list[str], phantom_run: Path, ward: Path, tmp_path: Path
) -> None:
    films = sorted((ward / "NORMAL").iterdir())
    (ward / "x").mkdir()
    for film, stem in zip(films, stems, strict=False):
        shutil.copy(film, ward / "x" / f"{stem}.jpeg")
    models = [named(phantom_run, tmp_path / f"model{number}", name) for number, name in enumerate(names)]
    files = explain([ward / "x"], model=models, output=Path("out")).explanation.files
    assert len({file.lower() for file in files}) == len(stems) * len(names)
    assert len(list(Path("out").glob("*.png"))) == len(files)


def test_picture_that_lies_in_the_folder_is_not_replaced(phantom_run: Path, ward: Path) -> None:
    film = min((ward / "NORMAL").iterdir())
    mine = Path("out") / f"{film.stem}-cnn-scratch-map.png"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    for _ in range(2):
        [file] = explain([film], model=[phantom_run], output=Path("out")).explanation.files
        assert file == f"{film.stem}-cnn-scratch-map-2.png" and mine.read_bytes() == b"mine"


def test_maps_of_an_earlier_run_are_no_films(phantom_run: Path, ward: Path) -> None:
    folder = ward / "NORMAL"
    films = {str(path) for path in folder.iterdir()}
    for _ in range(2):
        answer = explain([folder], model=[phantom_run], output=folder)
        assert {film.path for film in answer.explanation.films} == films
    with pytest.raises(HilumError, match="is a map of the earlier explanation"):
        explain([folder / answer.explanation.files[0]], model=[phantom_run], output=folder)


def test_default_folder_is_new_each_time_and_named_after_model_and_film(phantom_run: Path, ward: Path) -> None:
    one, other = sorted((ward / "NORMAL").iterdir())
    pages = [explain([film], model=[phantom_run]).page for film in (one, other, one)]
    assert [page.parent.name for page in pages] == [
        f"cnn-scratch-{one.stem}",
        f"cnn-scratch-{other.stem}",
        f"cnn-scratch-{one.stem}-2",
    ]
    assert all(page.exists() for page in pages)


def killed(when: str, run: Path) -> None:
    """Explain the ward into "out" in a process that ends without a word where the function is called."""
    code = f"""
import os, sys
from pathlib import Path
import {when.rpartition(".")[0]} as module
def end(*_, **__): os._exit(9)
module.{when.rpartition(".")[2]} = end
from hilum.verbs.explain import explain
explain([Path('ward')], model=[Path(sys.argv[1])], output=Path('out'))
"""
    done = subprocess.run([sys.executable, "-c", code, str(run)], capture_output=True, text=True)
    assert done.returncode == 9, done.stderr


def test_killed_run_leaves_the_earlier_explanation_as_it_was_and_nothing_for_ever(
    phantom_run: Path, ward: Path
) -> None:
    film = min((ward / "NORMAL").iterdir())
    explain([film], model=[phantom_run], output=Path("out"))
    before = {path.name: path.read_bytes() for path in Path("out").iterdir()}
    killed("hilum.verbs.explain.explanation_page", phantom_run)
    assert {name: (Path("out") / name).read_bytes() for name in before} == before
    killed("hilum.verbs.explain_folder.remove_files", phantom_run)
    answer = explain([film], model=[phantom_run], output=Path("out"))
    assert {path.name for path in Path("out").iterdir()} == {
        *answer.explanation.files,
        "index.html",
        "explanation.json",
    }


def test_film_of_a_long_name_gets_a_map(phantom_run: Path, ward: Path) -> None:
    name = "\u80ba" * 80
    shutil.copy(next((ward / "NORMAL").iterdir()), ward / f"{name}.png")
    [file] = explain([ward / f"{name}.png"], model=[phantom_run], output=Path("out")).explanation.files
    assert file.startswith("\u80ba" * 60) and (Path("out") / file).exists()


def test_film_that_vanishes_before_it_is_drawn_is_listed_with_its_reason(
    phantom_run: Path, ward: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = min((ward / "NORMAL").iterdir())

    def vanishes(*given: Any) -> Any:
        films = look_into(*given)
        gone.unlink()
        return films

    monkeypatch.setattr("hilum.verbs.explain.look_into", vanishes)
    answer = explain([ward / "NORMAL"], model=[phantom_run], output=Path("out"))
    [problem] = [problem for film in answer.explanation.films for problem in film.problems]
    assert answer.exit_status == 1 and gone.name in problem and len(answer.explanation.files) == 1
    assert "1 film has no answer" in answer.page.read_text(encoding="utf-8")


def test_map_that_is_too_fine_to_keep_is_drawn_alike(
    phantom_run: Path, ward: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = [ward / "NORMAL"]
    kept = explain(films, model=[phantom_run], method=["map", "occlusion"], output=Path("kept"))
    monkeypatch.setattr("hilum.reports.explained.MOST_KEPT", 0)
    asked = explain(films, model=[phantom_run], method=["map", "occlusion"], output=Path("asked"))
    assert kept.explanation.files == asked.explanation.files
    for film, again in zip(kept.explanation.films, asked.explanation.films, strict=True):
        assert film.answers[0].notes == again.answers[0].notes
        predictor = Predictor.open(phantom_run)
        square = to_square(read_film(Path(film.path)).pixels, predictor.side, predictor.geometry)
        own = method_for("map", predictor.folder, predictor.engine).explained(square)
        assert film.answers[0].notes[0] == own.note
    for file in kept.explanation.files:
        one, other = (np.asarray(Image.open(Path(place) / file)).astype(int) for place in ("kept", "asked"))
        assert np.abs(one - other).max() <= 1  # passes of 1 and of 2 films may differ in the last digits


def test_networks_take_as_many_threads_as_graphs(
    phantom_run: Path, ward: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    before, used = torch.get_num_threads(), []

    def looks(*given: Any) -> Any:
        used.append(torch.get_num_threads())
        return look_into(*given)

    monkeypatch.setattr("hilum.verbs.explain.look_into", looks)
    film = next((ward / "NORMAL").iterdir())
    explain([film], model=[phantom_run], method=["gradcam"], output=Path("out"), threads=before + 1)
    assert used == [before + 1] and torch.get_num_threads() == before


def test_names_of_models_and_methods_do_not_move_the_cursor(phantom_run: Path, ward: Path, tmp_path: Path) -> None:
    answer = explain([ward / "NORMAL"], model=[named(phantom_run, tmp_path / "odd", "a\x1b[2J")], output=Path("out"))
    assert "\x1b" not in answer.explanation.models[0].name
    with pytest.raises(HilumError) as refused:
        explain([ward], model=[phantom_run], method=["\x1b[2J"])
    assert "\x1b" not in str(refused.value)


@pytest.fixture
def judged_model(phantom_run: Path, tmp_path: Path) -> Path:
    """The small model with a map that failed."""
    shutil.copytree(phantom_run / "model", tmp_path / "judged")
    manifest = json.loads((tmp_path / "judged" / "hilum.json").read_text(encoding="utf-8"))
    figure = {"value": 0.9, "low": 0.8, "high": 0.95}
    manifest["faithfulness"] = {
        "method": "map",
        "reasons": ["it shows edges"],
        "notes": [],
        "films": 32,
        "chance": 0.1,
        **dict.fromkeys(("rank", "sizes", "deletion_gain", "insertion_gain"), figure),
        **dict.fromkeys(("blob_deletion_gain", "blob_insertion_gain"), figure),
    }
    (tmp_path / "judged" / "hilum.json").write_text(json.dumps(manifest), encoding="utf-8")
    return tmp_path / "judged"


def test_map_that_failed_is_labelled_wherever_it_is_shown(judged_model: Path, ward: Path) -> None:
    answer = explain([ward], model=[judged_model], method=["map", "occlusion"], output=Path("out"))
    page, text = answer.page.read_text(encoding="utf-8"), " ".join(shown(answer).split())
    assert "Do not read these maps as the reason of an answer" in page
    assert page.count("Not a faithful explanation of this model") == 5  # the table, and each of four maps
    assert "Not measured on this model (hilum audit maps" in page  # occlusion
    assert "not a faithful explanation of this model: it shows edges" in text


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"method": ["gradcm"]}, "Did you mean 'gradcam'"),
        ({"method": ["map"], "layer": "body.stem"}, "no method that looks at one"),
        ({"data": Path("films")}, "without the method activations"),
        ({"operating_point": "youdn"}, "no operating point 'youdn'"),
        ({"output": Path("ward/NORMAL/none.txt")}, "is a file"),
        ({"output": Path("taken")}, "of something else"),
        ({"threads": -1}, "Got -1 threads"),
    ],
)
def test_wrong_use_is_one_sentence(
    options: dict[str, object], says: str, phantom_run: Path, ward: Path, tmp_path: Path
) -> None:
    (ward / "NORMAL" / "none.txt").write_text("none")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "index.html").write_text("mine")
    with pytest.raises(HilumError, match=says):
        explain([ward], model=[phantom_run], **options)  # type: ignore[arg-type]
    assert (tmp_path / "taken" / "index.html").read_text() == "mine"


def test_missing_film_missing_model_and_a_model_named_twice_are_refused(phantom_run: Path, ward: Path) -> None:
    with pytest.raises(HilumError, match=r"There is no 'ward/no\.png'"):
        explain([Path("ward/no.png")], model=[phantom_run])
    with pytest.raises(HilumError, match="not a model folder"):
        explain([ward], model=[ward])
    with pytest.raises(HilumError, match="is the same model as"):
        explain([ward], model=[phantom_run, phantom_run / "model"])
    with pytest.raises(HilumError, match="No model was named"):
        explain([ward], model=[])


def test_map_and_occlusion_run_on_the_base_install(phantom_run: Path, ward: Path) -> None:
    code = """
import sys
from pathlib import Path
left_out = {'torch', 'torchvision', 'timm', 'captum', 'onnx', 'pandas', 'pyarrow', 'sklearn', 'scipy', 'matplotlib'}
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in left_out:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
sys.meta_path.insert(0, Missing())
from hilum.verbs.explain import explain
answer = explain([Path('ward')], model=[Path(sys.argv[1])], method=['map', 'occlusion'], output=Path('out'))
sys.exit(answer.exit_status)
"""
    done = subprocess.run([sys.executable, "-c", code, str(phantom_run)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_atlas_of_one_layer_is_linked_from_the_page(phantom_run: Path, ward: Path) -> None:
    film = next((ward / "NORMAL").iterdir())
    with pytest.raises(HilumError, match="Did you mean"):
        explain([film], model=[phantom_run], method=["activations"], layer="body.stem.00")
    answer = explain([film], model=[phantom_run], method=["activations"], layer="body.stem.0", output=Path("out"))
    [said] = answer.explanation.films[0].answers
    assert said.files == () and f'href="{said.atlas}"' in answer.page.read_text(encoding="utf-8")
    folder = (Path("out") / said.atlas).parent
    assert (Path("out") / said.atlas).exists() and len(list((folder / "layers").iterdir())) == 1
    explain([film], model=[phantom_run], output=Path("out"))
    assert not folder.exists()


def test_atlas_shows_the_fit_films_that_excite_a_channel(
    phantom_films: Path, phantom_run: Path, ward: Path, tmp_path: Path
) -> None:
    film = next((ward / "NORMAL").iterdir())
    shutil.copytree(phantom_films, tmp_path / phantom_films.name)
    answer = explain(
        [film],
        model=[phantom_run],
        method=["activations"],
        layer="body.stem.0",
        data=tmp_path / phantom_films.name,
        output=Path("out"),
        workspace=tmp_path / "workspace",
    )
    [said] = answer.explanation.films[0].answers
    assert "Films that excite" in (Path("out") / said.atlas).read_text(encoding="utf-8")


def test_atlases_of_many_films_are_refused(phantom_run: Path, phantom_films: Path) -> None:
    with pytest.raises(HilumError, match=r"Atlases of \d+ films"):
        explain([phantom_films], model=[phantom_run], method=["activations"])


def test_grad_cam_names_its_layer(phantom_run: Path, ward: Path) -> None:
    film = next((ward / "NORMAL").iterdir())
    answer = explain([film], model=[phantom_run], method=["gradcam"], layer="body.stem.0", output=Path("out"))
    assert "Grad-CAM, layer body.stem.0" in answer.page.read_text(encoding="utf-8")
    assert answer.explanation.models[0].methods[0].layer == "body.stem.0"


def test_atlases_of_models_that_are_spelt_alike_lie_apart(phantom_run: Path, ward: Path, tmp_path: Path) -> None:
    models = [named(phantom_run, tmp_path / f"model{number}", name) for number, name in enumerate(("cnn 1", "cnn-1"))]
    film = next((ward / "NORMAL").iterdir())
    answer = explain([film], model=models, method=["activations"], layer="body.stem.0", output=Path("out"))
    first, second = (Path("out") / said.atlas for said in answer.explanation.films[0].answers)
    assert first.parent != second.parent
    assert "cnn 1" in first.read_text(encoding="utf-8") and "cnn-1" in second.read_text(encoding="utf-8")
