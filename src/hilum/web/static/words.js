// The sentences of an answer. They are those of `hilum predict` and its report.

import { apart, prevalence } from "./numbers.js";

const UNLIKE_FROM = 0.95; // as the report has it

/** What is said of the film, and what must be said with it. */
export function decision(row) {
  if (row.decision === "pneumonia") return ["Signs of pneumonia found by this model", ""];
  if (row.decision === "normal") return ["No sign of pneumonia found by this model;", "this does not exclude pneumonia"];
  return [row.status === "unreadable" ? "Not assessed: the file cannot be read" : "Not assessed", ""];
}

/** Why a film has no answer, a sentence each. */
export const reasons = (row) => (row.reasons?.length ? row.reasons : [row.problem].filter(Boolean));

/** Of an answer set that leaves both answers open, or none. */
export function doubt(row) {
  if (!row.answers || row.answers.length === 1) return "";
  const both = "The model does not know: it leaves both answers open, pneumonia and normal.";
  return row.answers.length ? both : "The model does not know: neither answer, pneumonia or normal, is likely enough.";
}

/** Of an answer set that leaves one answer open, or of a model without such sets. */
export function sure(row) {
  if (!row.answers) return "This model keeps no answer sets, so it cannot say \u201cI do not know\u201d.";
  if (row.answers.length !== 1) return "";
  const differs = " That differs from the decision, whose threshold was chosen for another goal.";
  return `Of the two answers, only ${row.answers[0]} is left open.${row.answers[0] === row.decision ? "" : differs}`;
}

/** Where the probability alone would suggest the other decision. */
export function besideOneHalf(probability, threshold) {
  const but = "but below the operating point, which decides.";
  if (probability > 0.5 && probability < threshold) return `The probability is above one half, ${but}`;
  const not = "but not below the operating point, which decides.";
  return probability < 0.5 && probability >= threshold ? `The probability is below one half, ${not}` : "";
}

/** What answer sets promise: `alpha` of the model, and how many networks cross-fitting made, 0 for none. */
export function coverage({ alpha, cross_fitted: networks }) {
  if (typeof alpha !== "number") return "";
  const share = prevalence(1 - alpha);
  const [from, about, nearly] = networks
    ? ["made from", "about ", " Other networks than this one answered for those patients (cross-fitting), so that this is proven only nearly."]
    : ["calibrated on", "", ""];
  return `Of new patients like those the model was ${from}, ${about}${share} of films with pneumonia keep pneumonia open, `
    + `and ${about}${share} of normal films normal.${nearly} Elsewhere that is not promised.`;
}

/** On whom sensitivity and specificity were found. */
export const foundOn = ({ cross_fitted: networks }) => (networks
  ? `on the patients it learned from, by ${networks} networks that had each not seen those they were asked about`
  : "on the patients that set the threshold");

/** How PPV and NPV are to be read. */
export function aboutValues({ predictive_values: rows, site_prevalence: stated }, point) {
  const whose = typeof stated === "number"
    ? `As stated for this site, ${prevalence(stated)} of its films show pneumonia.`
    : "How common pneumonia is where the film was taken is not stated, so no single value holds.";
  const over = typeof point.sensitivity_low === "number" ? "over patients" : "as if each patient had one film";
  const ends = rows.some((row) => typeof row.ppv_low === "number") ? ` Intervals of 95\u00a0%, ${over}.` : "";
  return `${whose} From sensitivity and specificity where the threshold was chosen: elsewhere they may be lower.${ends}`;
}

/** Of similar cases that are all far: `farther_than` of the nearest is the share of new patients' films nearer to theirs. */
export const unlikeAll = (similar) => (similar.length && similar[0].farther_than >= UNLIKE_FROM
  ? "Unlike all training films: even the nearest is farther than those of nearly all new patients' films." : "");

/** The few words in the list of films, of what all chosen models say. */
export function together(readings) {
  const slowest = readings.find((reading) => !reading.isOver);
  const said = new Set(readings.map((reading) => reading.row?.decision));
  return !slowest && said.size > 1 ? "the models differ" : brief(slowest ?? readings[0]);
}

function brief(reading) {
  const { state, row, answer } = reading;
  if (state === "waiting") return "waiting";
  if (state === "sent") return "being read";
  if (state === "busy") return `busy, again in ${reading.wait_s} s`;
  if (state === "failed") return "no answer";
  if (row.status !== "answered") return "not assessed";
  const share = apart(row.probability, answer.threshold);
  if (reading.isUnsure) return `${share}, does not know`;
  return `${share}, ${row.decision === "pneumonia" ? "signs" : "no sign"}`;
}

/** How a reading is marked, beside its words: the class of its row and of its verdict. */
export function kind(reading) {
  if (!reading.isOver) return "waiting";
  if (reading.state === "failed" || reading.row.status !== "answered") return "none";
  return reading.row.decision;
}

/** Whether several models decide alike; empty where fewer than two have answered. */
export function agreement(readings) {
  const answered = readings.filter(([, reading]) => reading.row?.status === "answered");
  if (answered.length < 2) return "";
  const said = new Set(answered.map(([, reading]) => reading.row.decision));
  const count = answered.length === 2 ? "Both" : `All ${answered.length}`;
  return said.size === 1 ? `${count} models decide alike.` : "The models do not decide alike.";
}

/** How many films, and what became of them: the numbers add up. */
export function counts(readings) {
  const over = readings.filter((reading) => reading.isOver);
  const films = `${readings.length} film${readings.length === 1 ? "" : "s"}`;
  if (over.length < readings.length) return `${over.length} of ${films} done`;
  const failed = over.filter((reading) => reading.state === "failed").length;
  const none = over.filter((reading) => kind(reading) === "none").length - failed;
  const unsure = over.filter((reading) => reading.isUnsure).length;
  const assessed = over.length - failed - none - unsure;
  const parts = [[failed, "without an answer"], [none, "not assessed"], [unsure, "uncertain"], [assessed, "assessed"]];
  return `${films}: ${parts.filter(([n]) => n).map(([n, what]) => `${n} ${what}`).join(", ")}`;
}
