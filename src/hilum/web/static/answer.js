// What one model says of one film, in words and on a scale.
import { copyOf, list, part, say } from "./markup.js";
import { percent, prevalence, range } from "./numbers.js";
import { scale } from "./scale.js";
import { values } from "./values.js";
import * as words from "./words.js";

/** Fills the answer of a reading's element. `model` is the server's account of it; `isOne` where it stands alone. */
export function fill(root, reading, model, isOne) {
  const { row } = reading;
  const isAnswered = row?.status === "answered";
  const [said, but] = row ? words.decision(row) : [waits(reading), ""];
  part(root, "verdict").dataset.kind = words.kind(reading);
  say(part(root, "model"), isOne ? "" : model.name);
  say(part(root, "decision"), said);
  say(part(root, "but"), but);
  list(part(root, "reasons"), isAnswered ? [] : row ? words.reasons(row) : [reading.problem].filter(Boolean));
  say(part(root, "doubt"), isAnswered ? words.doubt(row) : "");
  say(part(root, "sure"), isAnswered ? words.sure(row) : "");
  say(part(root, "warning"), row?.warning);
  list(part(root, "notes"), row?.notes ?? []);
  part(root, "again").hidden = reading.state !== "failed";
  part(root, "scales").replaceChildren(...(isAnswered ? scales(reading) : []));
  values(root, isAnswered ? row.decision : "", model);
  cases(root, reading.similar);
  map(root, reading, model);
  part(root, "facts").replaceChildren(...facts(model));
  say(part(root, "made"), made(row, model));
  say(part(root, "limits"), model.limits.join(" "));
}

function waits({ state, wait_s }) {
  if (state === "failed") return "No answer";
  return state === "busy" ? `The server is busy; asked again in ${wait_s} s` : "Being read\u2026";
}

function scales({ row, answer }) {
  const point = answer.operating_point;
  const trained = `as in the training data, where ${prevalence(answer.prevalence)} had pneumonia`;
  const drawn = [scale({ probability: row.probability, threshold: answer.threshold, point, where: `probability ${trained}` })];
  if (row.site_probability === null || row.site_probability === undefined) return drawn;
  const where = `probability at this site, where ${prevalence(answer.site_prevalence)} have pneumonia`;
  return [...drawn, scale({ probability: row.site_probability, threshold: answer.site_threshold, point, where })];
}

/** How to read the map and what it is worth, or why there is none; the reasons stand in the facts. */
function map(root, { row, pictures }, model) {
  const worth = `Worth of the map: ${model.map?.worth.split(":")[0]}.`;
  const read = `Map: orange speaks for pneumonia, blue against it. ${worth}`;
  part(root, "worth").hidden = row?.status !== "answered";
  part(root, "worth").querySelector("i").hidden = !pictures.map;
  part(root, "map-words").textContent = pictures.map ? read : `No map: ${model.map?.in_words ?? "this model has none"}.`;
}

function cases(root, similar) {
  part(root, "similar").hidden = similar.length === 0;
  say(part(root, "unlike"), words.unlikeAll(similar));
  part(root, "cases").replaceChildren(...similar.map((one) => {
    const item = copyOf("case");
    const picture = part(item, "picture");
    picture.hidden = !one.thumbnail;
    if (one.thumbnail) picture.src = one.thumbnail;
    part(item, "label").textContent = one.label;
    part(item, "label").dataset.kind = one.label;
    part(item, "distance").textContent = `${one.times_usual.toFixed(1)} \u00d7 the usual distance`;
    return item;
  }));
}

/** What stands on paper, so that an answer can be traced. */
function made(row, model) {
  const film = row?.sha256 ? `, film ${row.sha256.slice(0, 16)}` : "";
  return `Model ${model.name} (${model.model_hash.slice(0, 12)})${film}`;
}

function facts(model) {
  const point = model.operating_points.find((one) => one.name === model.operating_point);
  const told = {
    Model: `${model.name} (${model.model_hash.slice(0, 12)})`,
    Knows: model.population,
    "Decides at": point && `${point.name}: threshold ${percent(point.threshold)}`,
    Sensitivity: point && interval(point, "sensitivity", model),
    Specificity: point && interval(point, "specificity", model),
    "Answer sets": words.coverage(model),
    Map: model.map && `${model.map.in_words}. Worth: ${model.map.worth}.`,
    "Trained on": `${model.trained_on}, protocol ${model.protocol}`,
    Made: `${model.created.slice(0, 10)}, hilum ${model.hilum_version}, ${model.licence}`,
  };
  return Object.entries(told).filter(([, value]) => value).flatMap(([name, value]) => {
    const [term, meaning] = [document.createElement("dt"), document.createElement("dd")];
    [term.textContent, meaning.textContent] = [name, value];
    return [term, meaning];
  });
}

/** A figure of the calibrate patients with its interval. */
function interval(point, name, model) {
  const [low, high] = [point[`${name}_low`], point[`${name}_high`]];
  const ends = typeof low === "number" ? ` (95\u00a0% interval ${range(low, high)})` : "";
  return `${percent(point[name])}${ends}, ${words.foundOn(model)}`;
}
