from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hilum.errors import HilumError
from hilum.evaluation.runs import read_run, read_runs
from judged_runs import write_reference_runs, write_run
from stand_ins import film, prediction_table

FILMS = (film("test/a", "1"), film("test/b", "2", "normal"), film("test/c", "3"), film("test/d", "4", "normal"))
TABLE = prediction_table(FILMS, np.array([0.9, 0.2, 0.6, 0.4]))


def test_a_run_is_what_its_evaluation_wrote(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "one", TABLE))
    assert [one.path for one in run.films] == ["test/a", "test/b", "test/c", "test/d"]
    assert run.is_pneumonia.tolist() == [True, False, True, False]
    assert run.probability.tolist() == [0.9, 0.2, 0.6, 0.4]
    assert run.called("0.5").tolist() == [True, False, True, False]


def test_a_row_of_the_reproduction_is_a_run(tmp_path: Path) -> None:
    write_run(tmp_path / "row" / "evaluation", TABLE)
    assert read_run(tmp_path / "row").name == "one"


def test_a_calibration_upside_down_ranks_the_films_upside_down(tmp_path: Path) -> None:
    place = write_run(tmp_path / "one", TABLE)
    lines = (place / "predictions.csv").read_text().splitlines()
    turned = [",".join([*line.split(",")[:5], str(1 - float(line.split(",")[5]))]) for line in lines[1:]]
    (place / "predictions.csv").write_text("\n".join([lines[0], *turned]))
    with pytest.raises(HilumError, match=r"with an AUROC of 0\.0000 is not that of the evaluation beside it"):
        read_run(place)


def test_films_are_put_into_the_order_of_the_first(tmp_path: Path) -> None:
    turned = prediction_table(FILMS[::-1], TABLE.probability[::-1])
    first, second = read_runs([write_run(tmp_path / "one", TABLE), write_run(tmp_path / "two", turned, "two")])
    assert first.films == second.films
    assert first.probability.tolist() == second.probability.tolist()
    assert first.score.tolist() == second.score.tolist()


@pytest.mark.parametrize(
    ("films", "told"),
    [
        (FILMS[:3], "1 of 4 films of '.*one' are not among those of '.*two'.*such as 'test/d'"),
        ((*FILMS, film("test/e", "5")), "1 of 5 films of '.*two' are not among those of '.*one'.*such as 'test/e'"),
        ((film("test/a", "9"), *FILMS[1:]), "1 of 4 films.*such as 'test/a'"),
    ],
)
def test_other_films_are_refused_by_name(tmp_path: Path, films: tuple[object, ...], told: str) -> None:
    other = prediction_table(films, np.linspace(0.2, 0.8, len(films)))  # type: ignore[arg-type]
    with pytest.raises(HilumError, match=told):
        read_runs([write_run(tmp_path / "one", TABLE), write_run(tmp_path / "two", other, "two")])


def test_one_model_twice_is_refused(tmp_path: Path) -> None:
    places = [write_run(tmp_path / name, TABLE, name, model_hash="same") for name in ("one", "two")]
    with pytest.raises(HilumError, match=r"'.*one' and '.*two' are of the same model"):
        read_runs(places)


@pytest.mark.parametrize("folders", [[], ["one"]])
def test_it_takes_two(tmp_path: Path, folders: list[str]) -> None:
    with pytest.raises(HilumError, match="Expected two runs or more"):
        read_runs([tmp_path / name for name in folders])


def test_names_tell_runs_apart(tmp_path: Path) -> None:
    def names(*runs: tuple[str, int]) -> list[str]:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        places = [
            write_run(folder / str(number), TABLE, name, seed, f"hash-{number}")
            for number, (name, seed) in enumerate(runs)
        ]
        return [run.name for run in read_runs(places)]

    assert names(("a", 0), ("b", 0)) == ["a", "b"]
    assert names(("a", 0), ("a", 1)) == ["a, seed 0", "a, seed 1"]
    assert [Path(name).name for name in names(("a", 0), ("a", 0))] == ["0", "1"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("probability,", "chance,", "has no column 'probability'"),
        (",0.9,", ",,", "has '' as the probability of film 1"),
        (",0.9,", ",nan,", "has 'nan' as the probability of film 1"),
        ("test/b", "test/a", "names a film twice"),
        (",normal,", ",flu,", "with the label 'flu'"),
        ("test/a,1,", "test/a,,", "of patient ''"),
    ],
)
def test_a_damaged_table_is_one_sentence(tmp_path: Path, old: str, new: str, told: str) -> None:
    place = write_run(tmp_path / "one", TABLE) / "predictions.csv"
    place.write_text(place.read_text().replace(old, new, 1))
    with pytest.raises(HilumError, match=told):
        read_run(place.parent)


def test_a_table_of_another_evaluation_is_refused(tmp_path: Path) -> None:
    fine, frozen = write_reference_runs(tmp_path)
    (fine / "predictions.csv").write_bytes((frozen / "predictions.csv").read_bytes())
    with pytest.raises(HilumError, match="is not that of the evaluation beside it"):
        read_run(fine)


def test_what_is_no_evaluation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match=r"holds no evaluation.*hilum evaluate MODEL DATA"):
        read_run(tmp_path)
    with pytest.raises(HilumError, match="No such file"):
        read_run(tmp_path / "nowhere")


def test_an_unknown_operating_point_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match=r"has no operating point 'yuden'.*Did you mean 'youden'"):
        read_run(write_run(tmp_path / "one", TABLE)).at("yuden")


def test_names_with_a_comma_or_a_formula_are_read_as_written(tmp_path: Path) -> None:
    films = (film("=a,b", "1"), film("-c", "2", "normal"))
    places = [write_run(tmp_path / name, prediction_table(films, np.array([0.9, 0.1])), name) for name in ("x", "y")]
    assert len(read_runs(places)) == 2


def test_patients_joined_by_a_file_are_read_where_the_table_names_them(tmp_path: Path) -> None:
    place = write_run(tmp_path / "one", TABLE) / "predictions.csv"
    lines = place.read_text().splitlines()
    place.write_text("\n".join([f"{lines[0]},group", *(f"{line},g" for line in lines[1:])]))
    assert set(read_run(place.parent).group) == {"g"}
