from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from hilum.errors import HilumError
from hilum.evaluation import read_evaluation
from hilum.reproduction.plan import Row
from hilum.reproduction.publish import look_of, publish, published_looks, published_rows
from hilum.reproduction.row import no_weights
from reproduced import evaluation_of, result_of


def test_finished_rows_become_results_and_the_others_are_listed(tmp_path: Path) -> None:
    done, waiting = result_of(Row("best"), 0.05), result_of(Row("vgg19-frozen"), state="no weights")
    assert publish(tmp_path, [done, waiting], []) == (tmp_path / "best-official.json",)
    assert read_evaluation(tmp_path / "best-official.json") == done.evaluation
    assert published_rows(tmp_path) == [done.record, waiting.record]


def test_rows_published_before_stay(tmp_path: Path) -> None:
    first, again = result_of(Row("best"), 0.05), result_of(Row("cnn-scratch"), 0.1)
    publish(tmp_path, [first, result_of(Row("cnn-scratch"))], [])
    publish(tmp_path, [again], [])
    assert published_rows(tmp_path) == [first.record, again.record]


def test_look_of_a_replaced_evaluation_stays(tmp_path: Path) -> None:
    earlier = evaluation_of("best", "official", 0, 0.07, created="2024-01-01T00:00:00+00:00")
    (tmp_path / "best-official.json").write_text(json.dumps(earlier.as_json()))
    now = result_of(Row("best"), 0.05)
    assert now.evaluation is not None
    publish(tmp_path, [now], [look_of(now.evaluation)])
    publish(tmp_path, [now], [look_of(now.evaluation)])
    assert published_looks(tmp_path) == [look_of(earlier), look_of(now.evaluation)]


def test_looks_at_other_films_are_not_published(tmp_path: Path) -> None:
    now = result_of(Row("best"), 0.05)
    assert now.evaluation is not None
    publish(tmp_path, [now], [replace(look_of(now.evaluation), films_hash="0" * 64)])
    assert published_looks(tmp_path) == []


def test_trials_are_refused(tmp_path: Path) -> None:
    with pytest.raises(HilumError, match="was made with a changed recipe"):
        publish(tmp_path, [result_of(Row("best"), 0.05, changes=("train.epochs=1",))], [])
    assert list(tmp_path.iterdir()) == []


def test_damaged_list_is_named(tmp_path: Path) -> None:
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "rows.json").write_text('[{"name": 3}]')
    with pytest.raises(HilumError, match=r"rows\.json' has a wrong value: 'name'"):
        published_rows(tmp_path)
    assert "--only vgg19-frozen`" in no_weights("vgg19-frozen")
