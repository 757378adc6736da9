"""The model card with results: read as the Hub reads it, every figure with its interval."""

from __future__ import annotations

from dataclasses import replace

import msgspec
from huggingface_hub import ModelCard, ModelCardData

from hilum.modelfolder.card import model_card
from hilum.reports.card import judged_card
from stand_ins import manifest, reference_evaluation


def _card() -> str:
    recipe = {"name": "best", "summary": "A small network."}
    return model_card(msgspec.structs.replace(manifest(), recipe=recipe), loads_in_timm=True)


def _read(card: str) -> ModelCardData:
    """The header, as the Hub reads it."""
    data = ModelCard(card).data
    assert isinstance(data, ModelCardData)
    return data


def test_hub_reads_the_header_with_its_figures() -> None:
    evaluation = reference_evaluation()
    data = _read(judged_card(_card(), [evaluation]))
    assert (data.license, data.library_name, data.pipeline_tag) == ("apache-2.0", "hilum", "image-classification")
    figures = {one.metric_type: one for one in data.eval_results or []}
    assert figures["roc_auc"].metric_value == evaluation.scores.auroc.value
    assert figures["sensitivity"].metric_value == evaluation.primary.sensitivity.value
    assert figures["roc_auc"].dataset_split == "test"
    assert all("95 % interval" in (one.metric_name or "") for one in figures.values())


def test_every_operating_point_stands_with_both_intervals() -> None:
    evaluation = reference_evaluation()
    card = judged_card(_card(), [evaluation])
    for point in evaluation.points:
        [row] = [line for line in card.splitlines() if line.startswith(f"| {point.at.name} |") and "[" in line]
        assert row.count("[") == 2 and row.count("%") == 2
    assert "624 films of 428 patients" in card
    assert "3 models have been judged on exactly these films" in card


def test_card_without_evaluation_stays_as_it_is() -> None:
    assert judged_card(_card(), []) == _card()


def test_figures_that_leak_are_marked_and_kept_out_of_the_header() -> None:
    evaluation = reference_evaluation()
    leaky = replace(evaluation, contact=replace(evaluation.contact, met=5))
    card = judged_card(_card(), [leaky])
    assert "These figures leak" in card
    assert "model-index" not in card
    both = _read(judged_card(_card(), [leaky, evaluation]))
    assert len(both.eval_results or []) == 4


def test_two_evaluations_have_a_section_each() -> None:
    evaluation = reference_evaluation()
    elsewhere = replace(evaluation, films=replace(evaluation.films, data_name="nih", part="all"))
    card = judged_card(_card(), [evaluation, elsewhere])
    assert "## Results on kermany, test" in card and "## Results on nih, all" in card


def test_names_from_outside_cannot_become_markup() -> None:
    evaluation = reference_evaluation()
    hostile = replace(evaluation, films=replace(evaluation.films, data_name="x\n---\n<script>y</script>"))
    card = judged_card(_card(), [hostile])
    assert "<script" not in card.split("\n---\n", 1)[1]
    assert _read(card).eval_results


def test_card_names_purpose_source_and_what_it_is_not_for() -> None:
    card = _card()
    assert "Cell 172:1122" in card and "CC BY 4.0" in card
    assert "It is not for deciding without a reader" in card
    assert "licence: Apache-2.0" in card
