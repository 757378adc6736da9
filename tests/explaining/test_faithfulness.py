"""What was measured, as JSON, and what stands beside it in words."""

from __future__ import annotations

import json
from dataclasses import replace

from hilum.explaining.faithfulness import Verdict
from hilum.json_files import as_json
from maps_audits import maps_audit


def test_json_shows_no_patient() -> None:
    audit = maps_audit()
    values = json.loads(as_json(audit.as_json()))
    paths = [one.path for method in audit.methods for one in method.examples]
    assert values["kind"] == "maps" and paths and not any(path in json.dumps(values) for path in paths)
    assert values["methods"][0]["randomisation"]["steps"][0]["rank"]["value"] == 0.6


def test_json_says_the_standing_of_each_method() -> None:
    audit = maps_audit()
    untold = replace(audit.methods[0], verdict=Verdict((), unknown=("who knows",), films=5))
    values = as_json(replace(audit, methods=(*audit.methods, untold)).as_json())
    verdicts = [one["verdict"] for one in json.loads(values)["methods"]]
    assert [one["standing"] for one in verdicts] == ["passes", "fails", "not shown"]
    assert [one["is_faithful"] for one in verdicts] == [True, False, False]
    assert verdicts[2]["in_words"] == "not shown: too few films"
    assert verdicts[1]["in_words"] == (
        "not a faithful explanation of this model "
        "(fails the randomisation test and not shown to beat random maps on 40 films)"
    )


def test_verdict_without_named_tests_has_the_bare_label() -> None:
    assert Verdict(("bad",)).in_words == "not a faithful explanation of this model"
