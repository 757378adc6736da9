// The films of this tab and what each model said of them. All of it is gone when the tab is reloaded or closed.
import { Picture } from "./picture.js";

/** What one model says of one film. `state`: waiting, sent, busy, answered or failed. */
class Reading {
  state = "waiting";
  row = null; // of the film, as `hilum predict --json` has it
  answer = null; // what holds for all rows: threshold, prevalence, limits
  pictures = { film: "", map: "" }; // addresses; empty where there is none
  similar = [];
  problem = ""; // why there is no row
  wait_s = 0;

  take(answer) {
    const [row] = answer.predictions;
    this.state = "answered";
    this.row = row;
    this.answer = answer;
    this.pictures = { film: Picture.address(row.pictures?.film), map: Picture.address(row.pictures?.map) };
    this.similar = row.similar ?? [];
    row.pictures = null; // the text of a picture is large; its address stands for it now
  }

  forget() { Object.values(this.pictures).forEach(Picture.forget); }

  /** True where the model itself says that it does not know. */
  get isUnsure() { return Boolean(this.row?.answers) && this.row.answers.length !== 1; }

  get isOver() { return this.state === "answered" || this.state === "failed"; }
}

export class Film {
  constructor(file) {
    this.file = file;
    this.name = file.name;
    this.readings = new Map(); // by name of the model
  }

  of(model) {
    if (!this.readings.has(model)) this.readings.set(model, new Reading());
    return this.readings.get(model);
  }
}

/** Tells `changed` (detail: the film) and `listed` (films came or went), and `chosen` (the models to ask). */
export class Films extends EventTarget {
  all = [];
  models = []; // names of those that are asked

  add(files) {
    this.all.push(...files.map((file) => new Film(file)));
    this.#tell("listed");
  }

  forget() {
    this.all.forEach((film) => film.readings.forEach((reading) => reading.forget()));
    this.all = [];
    this.#tell("listed");
  }

  ask(models) {
    this.models = models;
    this.#tell("chosen");
  }

  changed(film) { this.#tell("changed", film); }

  /** The readings of the chosen models, film by film: [film, model, reading]. */
  get readings() {
    return this.all.flatMap((film) => this.models.map((model) => [film, model, film.of(model)]));
  }

  #tell(what, detail) { this.dispatchEvent(new CustomEvent(what, { detail })); }
}
