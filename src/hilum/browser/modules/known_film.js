// Before it answers, the page reads a film whose answer is known: a browser may change pixels, some do so on purpose.

import { outputsOf } from "./answering.js";
import { fromBase64 } from "./base64.js";
import { calibratedLogit, probabilityOf } from "./calibrated.js";
import { HilumError } from "./errors.js";
import { readFilm } from "./film.js";
import { toSquare } from "./square.js";

const MOST_GREY_LEVELS = 2;
const MOST_PROBABILITY = 0.01;
const MOST_LOGIT = 0.05;

/** Refuse to answer in a browser that reads the known film, or runs the graph, otherwise than hilum does. */
export async function requireKnownAnswer(model) {
  const { known_film: known, calibration } = model.facts;
  const film = await readFilm(fromBase64(known.jpeg), "the known film");
  const seen = toSquare(film.pixels, film.width, film.height, known.side, "squash");
  const expected = fromBase64(known.square);
  const furthest = seen.reduce((most, grey, i) => Math.max(most, Math.abs(grey - expected[i])), 0);
  if (furthest > MOST_GREY_LEVELS) {
    throw otherwise(`This browser changes the pixels of a film by up to ${furthest} grey levels.`);
  }
  const { logit } = await outputsOf(model, film);
  const [here, there] = [logit, known.logit].map((one) => probabilityOf(calibratedLogit(calibration, one)));
  if (!(Math.abs(here - there) <= MOST_PROBABILITY && Math.abs(logit - known.logit) <= MOST_LOGIT)) {
    throw otherwise("The model says something else of a known film in this browser.");
  }
}

function otherwise(happened) {
  const toDo = "Allow this page to read pictures (protection against fingerprinting alters them), or use another browser.";
  return new HilumError(happened, "what hilum found when this page was made", toDo);
}
