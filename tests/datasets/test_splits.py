"""Who serves what, on data made for the purpose; tests/datasets/test_kermany.py has the real counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from film_folders import catalogue_of, record, ward
from hilum.datasets import PROTOCOLS, Catalogue, FilmRecord, Split, split_films
from hilum.datasets.splits import DEVELOPMENT, PARTS
from hilum.errors import HilumError

LEAK_FREE = tuple(protocol for protocol in PROTOCOLS if protocol != "random20")


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """Any data: patients with one to five films in any folder, now and then with both labels or a stranger's file."""
    films = list[FilmRecord]()
    for number in range(draw(st.integers(1, 45))):
        patient = f"p{number}"
        label, split = draw(st.sampled_from(["pneumonia", "normal"])), draw(st.sampled_from(["train", "val", "test"]))
        for film in range(draw(st.integers(1, 5))):
            changed = draw(st.integers(0, 60))
            content = "a file of several patients" if changed == 0 else ""
            this_label = "normal" if changed == 1 else label
            one = record(f"{patient}-{film}.jpeg", patient, this_label, split, content)
            films.append(replace(one, problem="It is broken.") if changed == 2 else one)
    return catalogue_of(*films)


def divided(catalogue: Catalogue, protocol: str, seed: int = 0) -> Split | None:
    """The split, or None where the data do not fit the protocol and a sentence says so."""
    try:
        return split_films(catalogue, protocol, seed=seed, block="patient" if protocol == "block" else "")
    except HilumError:
        return None


@settings(max_examples=60, deadline=None)
@given(catalogues(), st.sampled_from(LEAK_FREE), st.integers(0, 3))
def test_no_patient_and_no_file_stands_on_two_sides(catalogue: Catalogue, protocol: str, seed: int) -> None:
    split = divided(catalogue, protocol, seed)
    assume(split is not None)
    assert split is not None
    for of_film in (catalogue.patients, [film.sha256 for film in catalogue.films]):
        part_of: dict[str, str] = {}
        for value, part, film in zip(of_film, split.parts, catalogue.films, strict=True):
            assert film.problem or part_of.setdefault(value, part) == part


@settings(max_examples=60, deadline=None)
@given(catalogues(), st.sampled_from(PROTOCOLS))
def test_every_usable_film_serves_and_every_part_has_both_classes(catalogue: Catalogue, protocol: str) -> None:
    split = divided(catalogue, protocol)
    assume(split is not None)
    assert split is not None
    assert all((part == "") == bool(film.problem) for film, part in zip(catalogue.films, split.parts, strict=True))
    for part in (*DEVELOPMENT, split.evaluation_part):
        assert set(catalogue.select(split.rows(part)).is_pneumonia) == {True, False}
    assert sorted(split.development_rows) == sorted(row for part in DEVELOPMENT for row in split.rows(part))


@settings(max_examples=40, deadline=None)
@given(catalogues(), st.sampled_from(PROTOCOLS), st.randoms(use_true_random=False))
def test_division_does_not_depend_on_the_order_of_the_films(
    catalogue: Catalogue, protocol: str, random: object
) -> None:
    films = list(catalogue.films)
    random.shuffle(films)  # type: ignore[attr-defined]
    first, second = divided(catalogue, protocol), divided(replace(catalogue, films=tuple(films)), protocol)
    assert (first is None) == (second is None)
    if first and second:
        of_second = dict(zip((film.path for film in films), second.parts, strict=True))
        assert {film.path: part for film, part in zip(catalogue.films, first.parts, strict=True)} == of_second


def test_draw_is_the_same_on_every_machine() -> None:
    split = split_films(ward(), "grouped20", seed=7)
    held = {ward().films[row].patient for row in split.rows("validation")}
    assert held == {f"bacteria-{n}" for n in (1, 7)} | {f"normal-{n}" for n in (0, 3, 6, 9)} | {
        f"virus-{n}" for n in (0, 3, 6)
    }


def test_another_seed_is_another_draw() -> None:
    assert split_films(ward(), "grouped20", seed=0).parts != split_films(ward(), "grouped20", seed=1).parts


def test_official_keeps_the_test_folder_and_puts_val_back() -> None:
    data = catalogue_of(*ward(30, "train").films, *ward(9, "val").films[:6], *ward(12, "test").films)
    own = catalogue_of(*(replace(film, patient=f"{film.split}/{film.patient}") for film in data.films))
    split = split_films(own, "official")
    assert split.evaluation_part == "test" and not split.is_leaky
    assert {film.split for film in own.select(split.rows("test")).films} == {"test"}
    assert {film.split for film in own.select(split.development_rows).films} == {"train", "val"}


def test_development_is_cut_by_patient_eighty_ten_ten() -> None:
    data = ward(300)
    split = split_films(data, "grouped", fold=1)
    patients = {part: len({data.films[row].patient for row in split.rows(part)}) for part in PARTS}
    assert patients == {"fit": 192, "select": 24, "calibrate": 24, "validation": 60, "test": 0}


def test_five_folds_are_the_whole() -> None:
    data = ward(60)
    folds = [set(split_films(data, "grouped", fold=fold).rows("validation").tolist()) for fold in range(5)]
    assert sorted(row for fold in folds for row in fold) == list(range(len(data.films)))
    assert max(map(len, folds)) - min(map(len, folds)) <= 3


def test_a_fifth_is_exact_where_groups_allow() -> None:
    data = ward(90)
    for protocol in ("grouped20", "random20"):
        for seed in range(5):
            assert len(split_films(data, protocol, seed=seed).rows("validation")) == len(data.films) // 5


def test_random20_parts_patients_and_says_so() -> None:
    data = ward(90)
    split = split_films(data, "random20")
    sides = [{data.films[row].patient for row in rows} for rows in (split.development_rows, split.rows("validation"))]
    assert split.is_leaky and sides[0] & sides[1]


def test_block_is_the_end_of_each_kind_in_natural_order() -> None:
    data = ward(60)
    held = {data.films[row].patient for row in split_films(data, "block", block="patient").rows("validation")}
    assert held == {f"{kind}-{number}" for kind in ("bacteria", "virus", "normal") for number in (17, 18, 19)}


def test_block_by_path_follows_the_paths() -> None:
    films = [
        record(f"{label}/{100 - n}.jpeg", f"{label}{n}", label) for n in range(20) for label in ("normal", "pneumonia")
    ]
    held = split_films(catalogue_of(*films), "block", block="path").rows("validation")
    assert {catalogue_of(*films).films[row].path.split("/")[1] for row in held} == {"98.jpeg", "99.jpeg", "100.jpeg"}


def test_thirty_patients_are_enough_for_every_protocol() -> None:
    films = [
        replace(film, split="test" if film.patient.endswith(("1", "4", "7")) else "train") for film in ward(30).films
    ]
    for protocol in PROTOCOLS:
        assert divided(catalogue_of(*films), protocol) is not None


@pytest.mark.parametrize(
    ("protocol", "options", "reason"),
    [
        ("offcial", {}, "Did you mean 'official'"),
        ("official", {}, "has no test folder.*--protocol grouped"),
        ("official", {"fold": 1}, "has no fold 1.*Leave --fold out"),
        ("grouped", {"fold": 5}, "fold from 0 to 4"),
        ("grouped", {"block": "path"}, "--block goes with the protocol 'block'"),
        ("block", {}, "does not hold the block of the Kermany films.*--block patient"),
        ("block", {"block": "date"}, "no column for a block 'date'"),
    ],
)
def test_request_that_does_not_fit_is_one_sentence(protocol: str, options: dict[str, int], reason: str) -> None:
    with pytest.raises(HilumError, match=reason):
        split_films(ward(), protocol, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("protocol", ["official", "grouped", "block"])
def test_patient_in_test_and_train_is_refused(protocol: str) -> None:
    films = ward(30, "train").films
    torn = catalogue_of(*films, record("test/again.jpeg", films[0].patient, "normal", "test"))
    with pytest.raises(HilumError, match=r"1 patients of 'made' stand.*--protocol grouped20"):
        split_films(torn, protocol, block="patient" if protocol == "block" else "")


def test_file_in_test_and_train_is_refused_as_well() -> None:
    copy = replace(record("test/x.jpeg", "stranger", "normal", "test"), sha256=ward(30, "train").films[0].sha256)
    with pytest.raises(HilumError, match="by a copy of a file"):
        split_films(catalogue_of(*ward(30, "train").films, copy), "official")


def test_too_few_patients_say_how_many_are_needed() -> None:
    with pytest.raises(HilumError, match=r"labelled pneumonia \(there are 4 such.*at least 5 patients"):
        split_films(ward(6), "grouped")


def test_one_class_alone_cannot_be_divided() -> None:
    pneumonia = ward(30).select([row for row, film in enumerate(ward(30).films) if film.label == "pneumonia"])
    with pytest.raises(HilumError, match=r"labelled normal \(there are 0"):
        split_films(pneumonia, "grouped20")


def test_rare_subtype_does_not_empty_a_part() -> None:
    films = [film for film in ward(30).films if film.subtype != "virus" or film.patient in ("virus-0", "virus-3")]
    split = split_films(catalogue_of(*films), "grouped20")
    assert all(len(split.rows(part)) for part in DEVELOPMENT)


def test_unknown_part_is_refused() -> None:
    with pytest.raises(HilumError, match="no part 'train'"):
        split_films(ward(), "grouped").rows("train")
