// What is said of one film, as runtime/predictor.py and runtime/gate.py say it.

import { answersOf, atPrevalence, calibratedLogit, probabilityOf } from "./calibrated.js";
import { checkFilm } from "./checks.js";
import { HilumError } from "./errors.js";
import { readFilm } from "./film.js";
import { sha256Of } from "./hashing.js";
import { toSquare } from "./square.js";
import { fixed } from "../../web/static/numbers.js";

const INVERTED = "Black and white look exchanged in it: inverted, it would be assessed.";

/**
 * The answer for a file: {prediction, film, map}, with the names that `hilum predict --json` has.
 *
 * @param model {facts, run}: see model.js
 * @param point the operating point that decides
 */
export async function answerFor(model, point, bytes, shown) {
  const sha256 = await sha256Of(bytes);
  let film;
  try {
    film = await readFilm(bytes, shown);
  } catch (error) {
    if (!(error instanceof HilumError)) throw error;
    return { prediction: { path: shown, status: "unreadable", decision: "not assessed", problem: error.message, sha256 } };
  }
  const outputs = await outputsOf(model, film);
  const reasons = await refusals(model, film, outputs.distance);
  const prediction = { path: shown, sha256, notes: film.notes, ...said(model.facts, point, outputs, reasons, shown) };
  return { prediction, film, map: reasons.length ? null : outputs.map };
}

/** What the graph says of a film: logit, distance from the training films, and map where it has one. */
export async function outputsOf(model, film) {
  const { side, geometry } = model.facts;
  return model.run(toSquare(film.pixels, film.width, film.height, side, geometry));
}

async function refusals(model, film, distance) {
  const { gate } = model.facts;
  const reasons = againstAssessing(film, distance, gate);
  if (!gate || !reasons.length || !(distance > gate.refuse_above)) return reasons;
  const negative = { ...film, pixels: film.pixels.map((grey) => 255 - grey) };
  const passes = !againstAssessing(negative, (await outputsOf(model, negative)).distance, gate).length;
  return passes ? [...reasons, INVERTED] : reasons;
}

/** The reasons against assessing; what a check can name is not told by its distance again. */
function againstAssessing(film, distance, gate) {
  const reasons = checkFilm(film);
  if (reasons.length || !gate || !(distance > gate.refuse_above)) return reasons;
  const far = `its distance from the training films is ${fixed(distance, 2)}, and ${fixed(gate.refuse_above, 2)} is the limit.`;
  return [`It does not look like a chest film: ${far}`];
}

function said(facts, point, { logit, distance }, reasons, shown) {
  if (reasons.length) {
    const problem = `'${shown}': ${reasons.join(" ")}`;
    return { status: "not assessed", decision: "not assessed", problem, reasons, distance };
  }
  const probability = probabilityOf(calibratedLogit(facts.calibration, logit));
  return {
    status: "answered",
    probability,
    logit,
    decision: probability >= point.threshold ? "pneumonia" : "normal",
    answers: answersOf(facts.conformal, logit),
    warning: warning(facts.gate, distance),
    distance,
    site_probability: facts.site_prevalence ? atPrevalence(facts.calibration, logit, facts.site_prevalence) : null,
    reasons,
  };
}

/** The sentence on a film that is unlike the training films; empty for one that is like them. */
function warning(gate, distance) {
  if (!gate || !(distance > gate.warn_above)) return "";
  return (
    `It is unlike the training films: its distance is ${fixed(distance, 2)}, and 99 of 100 patients like theirs ` +
    `have films below ${fixed(gate.warn_above, 2)}. The answer may be wrong more often than the figures of the model say.`
  );
}
