"""hilum audit maps: a model and films in; table, JSON and page out."""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from hilum.audits.asked import films_for_model
from hilum.datasets import index_folder
from hilum.errors import HilumError
from hilum.json_files import as_json
from hilum.modelfolder import open_model_folder, salted_film_hash
from hilum.verbs.audit_maps import MapsAudited, _without_level, maps, normal_films

pytestmark = pytest.mark.slow  # seconds a test: `make check` leaves them to `make test`


@pytest.fixture(scope="module")
def audited(phantom_run: Path, phantom_films: Path, tmp_path_factory: pytest.TempPathFactory) -> MapsAudited:
    place = tmp_path_factory.mktemp("audit")
    return maps(
        phantom_run,
        phantom_films,
        method=["map", "gradcam"],
        films=12,
        output=place / "audit",
        threads=1,
        workspace=place / "workspace",
    )


def test_table_page_and_json_tell_every_method(audited: MapsAudited) -> None:
    console = Console(width=80, no_color=True, highlight=False)
    with console.capture() as capture:
        console.print(audited)
    text, page = capture.get(), audited.files.page.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 80
    assert page.startswith("<!doctype html>") and "<script" not in page
    values = json.loads(as_json(audited.as_json()))["audit"]
    assert [one["method"] for one in values["methods"]] == ["map", "gradcam"]
    for one in audited.audit.methods:
        assert one.verdict.in_words in text and one.verdict.in_words in page


def test_films_are_select_films_one_a_patient_and_shown_only_on_the_page(
    audited: MapsAudited, phantom_run: Path, phantom_films: Path
) -> None:
    audit, training = audited.audit, open_model_folder(phantom_run).manifest.training
    assert audit.films == audit.patients and "select patients" in audit.chosen and "one a patient" in audit.chosen
    examples = audit.methods[0].examples
    assert 1 <= len(examples) <= 4
    for one in examples:
        content = (phantom_films / one.path).read_bytes()
        assert salted_film_hash(training.salt, sha256(content).hexdigest()) in training.select.films
        assert one.path not in audited.files.json.read_text(encoding="utf-8")


def test_map_and_gradcam_of_one_linear_head_are_one_and_the_same(audited: MapsAudited) -> None:
    """Grad-CAM is the map divided by the number of places: every order of places is the same."""
    [agreement] = audited.audit.agreement
    assert agreement.rank.value == pytest.approx(1, abs=1e-3)
    own, other = audited.audit.methods
    assert own.curves[0].deletion == pytest.approx(other.curves[0].deletion, abs=0.02)


def test_cascade_reaches_the_first_layer(audited: MapsAudited) -> None:
    found = audited.audit.methods[0].randomisation
    assert found is not None and found.steps[0].down_to == "head.last" and found.last.layers == found.layers
    assert all(len(one.cascade) == len(found.steps) for one in audited.audit.methods[0].examples)


def test_strip_of_forgetting_compares_maps_of_one_geometry(audited: MapsAudited, phantom_run: Path) -> None:
    """The logit's layer alone only weighs the same maps anew: drawn alike, both lie on the same places."""
    manifest = open_model_folder(phantom_run).manifest
    places, side = manifest.map_places, manifest.side
    assert places is not None
    for method in audited.audit.methods:
        for one in method.examples:
            assert one.evidence.shape == (side, side)
            assert {drawn.shape for drawn in one.cascade} == {(side, side)}
            # Beyond the outermost place's middle a placed map is even; a stretched one would go on.
            for drawn in (one.evidence, *one.cascade):
                edge = int(places.first_px - places.step_px / 2 - 1)
                assert edge < 1 or np.ptp(drawn[:edge, 0]) == pytest.approx(0, abs=1e-4)


def test_cascade_is_placed_as_the_trained_map_is() -> None:
    from hilum.attribution.places import Places, placed
    from hilum.explaining.measuring import as_drawn

    coarse = np.random.default_rng(0).normal(size=(4, 4)).astype(np.float32)
    moved, stretched = Places(0.5, 16.0), None
    assert np.array_equal(as_drawn("last feature maps", moved, 64)(coarse), placed(coarse, moved, 64))
    assert np.array_equal(as_drawn("last feature maps", stretched, 64)(coarse), placed(coarse, None, 64))
    assert as_drawn("", moved, 64)(coarse) is coarse  # of occlusion, whose patches lie from edge to edge


def test_same_seed_gives_the_same_figures(
    audited: MapsAudited, phantom_run: Path, phantom_films: Path, tmp_path: Path
) -> None:
    again = maps(
        phantom_run, phantom_films, method=["map"], films=12, output=tmp_path, threads=1, workspace=tmp_path / "w"
    )
    own, other = audited.audit.methods[0], again.audit.methods[0]
    assert (own.gains, own.randomisation, own.lung_box) == (other.gains, other.randomisation, other.lung_box)


def test_map_above_normal_is_held_against_normal_fit_films(
    phantom_run: Path, phantom_films: Path, tmp_path: Path
) -> None:
    found = maps(
        phantom_run,
        phantom_films,
        method=["above-normal"],
        films=8,
        output=tmp_path / "a",
        threads=1,
        workspace=tmp_path,
    )
    assert found.audit.methods[0].randomisation is not None and found.audit.methods[0].layer == "last feature maps"
    manifest, films = open_model_folder(phantom_run).manifest, index_folder(phantom_films)
    normal = normal_films(films, manifest, films_for_model(films, manifest))
    assert not normal.is_pneumonia.any() and {film.split for film in normal.films} == {"train"}
    hashes = [salted_film_hash(manifest.training.salt, film.sha256) for film in normal.films]
    assert manifest.normal_map is not None
    assert len(hashes) == min(48, manifest.normal_map.films) and set(hashes) <= set(manifest.training.fit.films)


def test_other_data_give_the_level_themselves(phantom_run: Path, phantom_films: Path) -> None:
    manifest, films = open_model_folder(phantom_run).manifest, index_folder(phantom_films)
    choice = films_for_model(films, manifest)
    normal = normal_films(choice.films, manifest, choice)  # data without any fit film
    assert 0 < len(normal.films) < len(choice.films.films) and not normal.is_pneumonia.any()
    assert {film.path for film in normal.films} < {film.path for film in choice.films.films}


def test_misspelt_method_is_refused_before_any_film_is_opened(phantom_run: Path, tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="no method 'gradcan'"):
        maps(phantom_run, tmp_path / "nowhere", method=["gradcan"])


def test_too_few_films_are_refused(phantom_run: Path, phantom_films: Path, tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="3 are to be taken, one a patient"):
        maps(phantom_run, phantom_films, films=3, output=tmp_path / "audit", workspace=tmp_path / "workspace")
    assert not (tmp_path / "audit").exists()


def test_folder_of_another_audit_is_left_alone(phantom_run: Path, phantom_films: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(HilumError):
        maps(phantom_run, phantom_films, method=["map"], films=12, output=tmp_path, workspace=tmp_path / "workspace")
    assert (tmp_path / "index.html").read_text() == "mine"


@pytest.fixture(scope="module")
def only_pneumonia(phantom_films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("ward") / "ward"
    for part in ("train", "test"):
        (data / part).mkdir(parents=True)
        shutil.copytree(phantom_films / part / "PNEUMONIA", data / part / "PNEUMONIA")
        (data / part / "NORMAL").mkdir()
    return data


def test_data_with_pneumonia_alone_serve_every_method_but_the_one_that_needs_normal_films(
    phantom_run: Path, only_pneumonia: Path, tmp_path: Path
) -> None:
    found = maps(
        phantom_run, only_pneumonia, method=["map"], films=9, output=tmp_path / "a", threads=1, workspace=tmp_path
    ).audit
    assert (found.normal, found.methods[0].method) == (0, "map")
    gain = found.methods[0].gain("random")
    assert gain is not None and gain.deletion.low is not None  # one class alone has an interval too
    with pytest.raises(HilumError, match="no normal film for the level of 'above-normal'"):
        maps(phantom_run, only_pneumonia, method=["above-normal"], films=9, output=tmp_path / "b", workspace=tmp_path)
    assert not (tmp_path / "b").exists()


def test_method_that_nobody_named_is_left_out_where_it_has_no_films(phantom_run: Path) -> None:
    from hilum.explaining.methods import method_for
    from hilum.runtime import Predictor

    predictor = Predictor.open(phantom_run, 1)
    methods = [method_for(name, predictor.folder, predictor.engine) for name in ("map", "above-normal")]
    left, out = _without_level(methods, (("other", "why"),), is_asked_for=False)
    assert [one.name for one in left] == ["map"]
    assert out[0] == ("other", "why") and out[1][0] == "above-normal" and "no normal film" in out[1][1]
