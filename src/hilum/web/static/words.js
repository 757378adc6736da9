// The sentences of an answer. They are those of `hilum predict` and its report.

/** A share for people; what is nearly all or nothing never reads as certain. percent(0.974) is "97.4 %". */
export function percent(share) {
  if (share > 0.999 && share < 1) return "over 99.9\u00a0%";
  if (share < 0.001 && share > 0) return "under 0.1\u00a0%";
  return `${(100 * share).toFixed(1)}\u00a0%`;
}

/** A prevalence, or another share that was chosen: prevalence(0.05) is "5 %". */
export const prevalence = (share) => `${Number((100 * share).toFixed(1))}\u00a0%`;

/** A probability in per cent, with as many digits as it takes to tell it from its threshold. */
export function apart(value, other) {
  const digits = [1, 2, 3, 4].find((count) => (100 * value).toFixed(count) !== (100 * other).toFixed(count)) ?? 4;
  return digits === 1 ? percent(value) : `${(100 * value).toFixed(digits)}\u00a0%`;
}

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

/** What answer sets promise. */
export function coverage(alpha) {
  if (typeof alpha !== "number") return "";
  const share = prevalence(1 - alpha);
  return `Of new patients like those the model was calibrated on, ${share} of films with pneumonia keep pneumonia open, `
    + `and ${share} of normal films normal. Elsewhere that is not promised.`;
}

/** The few words in the list of films, of what all chosen models say. */
export function together(readings) {
  const slowest = readings.find((reading) => !reading.isOver);
  const said = new Set(readings.map((reading) => reading.row?.decision));
  return !slowest && said.size > 1 ? "the models differ" : brief(slowest ?? readings[0]);
}

function brief(reading) {
  const { state, row } = reading;
  if (state === "waiting") return "waiting";
  if (state === "sent") return "being read";
  if (state === "busy") return `busy, again in ${reading.wait_s} s`;
  if (state === "failed") return "no answer";
  if (row.status !== "answered") return "not assessed";
  const share = percent(row.probability);
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
