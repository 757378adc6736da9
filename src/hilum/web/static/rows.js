// The list of this tab's films: which is shown, and what became of each.
import { copyOf, element, part } from "./markup.js";
import { counts, kind, together } from "./words.js";

export class Rows {
  /** `show(film)` is called where one is chosen. */
  constructor(films, show) {
    Object.assign(this, { films, show, rows: new Map(), chosen: null });
    films.addEventListener("listed", () => this.#list());
    films.addEventListener("chosen", () => this.films.all.forEach((film) => this.#draw(film)));
    films.addEventListener("changed", (event) => this.#draw(event.detail));
    element("rows").addEventListener("keydown", (event) => this.#step(event));
  }

  choose(film) {
    this.chosen = film;
    for (const [one, row] of this.rows) {
      if (one === film) row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
    this.show(film);
  }

  #list() {
    const { all } = this.films;
    for (const film of this.rows.keys()) if (!all.includes(film)) this.#drop(film);
    for (const film of all) if (!this.rows.has(film)) this.#add(film);
    if (!all.includes(this.chosen)) this.chosen = null;
    if (!this.chosen && all.length) this.choose(all[0]);
  }

  #add(film) {
    const item = copyOf("row");
    const row = item.querySelector("button");
    part(row, "name").textContent = row.title = film.name;
    row.addEventListener("click", () => this.choose(film));
    this.rows.set(film, row);
    element("rows").append(item);
    this.#draw(film);
  }

  #drop(film) {
    this.rows.get(film).parentElement.remove();
    this.rows.delete(film);
  }

  #draw(film) {
    const row = this.rows.get(film);
    if (!row) return;
    const readings = this.films.models.map((model) => film.of(model));
    const shown = readings.find((reading) => !reading.isOver) ?? readings[0];
    part(row, "said").textContent = shown ? together(readings) : "";
    row.dataset.kind = !shown ? "waiting" : shown.isUnsure ? "none" : kind(shown);
    const address = readings.map((reading) => reading.pictures.film).find(Boolean);
    const picture = row.querySelector("img");
    picture.hidden = !address;
    if (address && picture.src !== address) picture.src = address;
    this.#count();
  }

  /** How far all films are: for the eye at once, for a screen reader when all are done. */
  #count() {
    const readings = this.films.all.map((film) => this.films.models.map((model) => film.of(model)));
    const slowest = readings.map((of) => of.find((reading) => !reading.isOver) ?? of[0]).filter(Boolean);
    const isDone = slowest.every((reading) => reading.isOver);
    element("counts").textContent = slowest.length ? counts(slowest) : "";
    Object.assign(element("bar"), { max: slowest.length || 1, value: slowest.filter((reading) => reading.isOver).length });
    element("bar").hidden = isDone;
    document.title = isDone ? "hilum" : `${element("bar").value} of ${slowest.length} \u00b7 hilum`;
    if (isDone && slowest.length) element("live").textContent = element("counts").textContent;
  }

  /** Arrow keys go from film to film. */
  #step(event) {
    const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
    if (!(event.key in steps)) return;
    const film = this.films.all[this.films.all.indexOf(this.chosen) + steps[event.key]];
    event.preventDefault();
    if (!film) return;
    this.choose(film);
    this.rows.get(film).focus();
  }
}
