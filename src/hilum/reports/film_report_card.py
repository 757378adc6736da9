"""What a report says of its model: the card in five lines, how often a call is right, versions and hashes."""

from __future__ import annotations

from hilum.modelfolder.card import SOURCES
from hilum.modelfolder.schema import faithfulness_in_words
from hilum.reports.film_report_words import Told, Words


def card(words: Words) -> tuple[tuple[str, tuple[Told, ...]], ...]:
    """The model card in five lines: what each is about, and what it says."""
    say = words.language.say
    return (
        (say("Answers"), (Told(_answers(words)),)),
        (say("Made from"), _made_from(words)),
        (say("Calibrated on"), (Told(_calibrated_on(words)),)),
        (say("Decides at"), _decides_at(words)),
        (say("Licence"), (Told(_licence(words)),)),
    )


def rates(words: Words) -> str:
    """What PPV and NPV were computed from, in a sentence or two."""
    about, say = words.about, words.language.say
    told = say(
        "From a sensitivity of {sensitivity} ({sensitivity_ends}) and a specificity of {specificity} "
        "({specificity_ends}) on the calibrate patients, where the threshold was chosen: elsewhere they may be lower.",
        sensitivity=words.estimate(about.sensitivity),
        sensitivity_ends=words.interval(about.sensitivity),
        specificity=words.estimate(about.specificity),
        specificity_ends=words.interval(about.specificity),
    )
    if about.sensitivity.method.startswith("Wilson"):
        return f"{told} " + say("Intervals of 95 %, as if each patient had one film.")
    return f"{told} " + say("Intervals of 95 %, over patients.")


def whose_prevalence(words: Words) -> str:
    """Why there is one line of PPV and NPV, or several."""
    shift, say = words.about.shift, words.language.say
    if shift is None:
        return say("How common pneumonia is where the film was taken is not stated, so no single value holds.")
    return say(
        "As stated for this site, {share} of its films show pneumonia.", share=words.language.prevalence(shift.stated)
    )


def map_worth(words: Words) -> tuple[Told, ...]:
    """How far the model's map may be taken for its reasons; or that it has none."""
    manifest, say = words.about.manifest, words.language.say
    if not words.about.has_map:
        return (Told(say("This model has no map of its own.")),)
    worth = words.told(faithfulness_in_words(manifest.faithfulness).partition(":")[0])
    return (Told(say("Worth of the map:")), worth)


def leak(words: Words) -> Told | None:
    """The sentence on a model whose split leaks; None for others."""
    told = next((limit for limit in words.about.limits if "which leaks" in limit), "")
    return words.told(told) if told else None


def technical(words: Words) -> tuple[tuple[str, str], ...]:
    """Model, program and libraries: what it is about, and the value."""
    made, say = words.about.made, words.language.say
    versions = ", ".join(f"{name} {version}" for name, version in made.versions.items() if version)
    program = f"hilum {made.hilum_version}" + (f" ({made.commit})" if made.commit else "")
    return (
        (say("Model"), f"{words.about.manifest.name} {words.about.model_hash}"),
        (say("Program"), f"{program}; {versions}"),
    )


def _answers(words: Words) -> str:
    return words.language.say(
        "Model “{name}”: how probable pneumonia is on one frontal chest film. It says nothing of any other finding.",
        name=words.about.manifest.name,
    )


def _made_from(words: Words) -> tuple[Told, ...]:
    training, language = words.about.manifest.training, words.language
    source = words.told(SOURCES[training.data_name]) if training.data_name in SOURCES else None
    if not training.are_films_known:
        return (Told(language.say("Films that are not known: its weights were trained elsewhere.")),)
    films = language.say(
        "{films} films of {patients} patients, data “{data}”.",
        films=language.number(len(training.fit.films)),
        patients=language.number(len(training.fit.patients)),
        data=training.data_name,
    )
    return (Told(films), *((source,) if source else ()))


def _calibrated_on(words: Words) -> str:
    manifest, language = words.about.manifest, words.language
    networks = manifest.training.cross_fitted
    counts = {
        "films": language.number(manifest.calibration.films),
        "patients": language.number(manifest.calibration.patients),
        "share": language.prevalence(manifest.calibration.prevalence),
        "protocol": manifest.training.protocol,
    }
    if networks:
        told = language.say(
            "{films} films of the same patients ({patients}), {share} with pneumonia, by {networks} networks that had "
            "each not seen those they were asked about (cross-fitting); protocol {protocol}.",
            networks=language.number(networks),
            **counts,
        )
    else:
        told = language.say(
            "{films} films of {patients} other patients, {share} with pneumonia; protocol {protocol}.", **counts
        )
    if manifest.training.is_leaky:
        return f"{told} " + language.say("Patients stand on both sides of that split: its figures are too good.")
    return told


def _decides_at(words: Words) -> tuple[Told, ...]:
    about, say = words.about, words.language.say
    point = about.point
    told = say("{point}, a calibrated probability of {threshold}:", point=point.name, threshold=words.threshold())
    missed = () if point.is_reached else (Told(say("No threshold reached that goal; the nearest was taken.")),)
    return (Told(told), words.told(point.goal), *missed)


def _licence(words: Words) -> str:
    manifest = words.about.manifest
    return words.language.say(
        "{licence}. Model made {moment} with hilum {version}.",
        licence=manifest.licence,
        moment=words.language.moment(manifest.created),
        version=manifest.hilum_version,
    )
