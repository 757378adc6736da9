// The chosen film: for each model its picture and its answer, with one set of controls for all.
import * as answer from "./answer.js";
import { copyOf, element, part, say } from "./markup.js";
import * as sheet from "./sheet.js";
import { agreement } from "./words.js";

export class Stage {
  /** `again(reading)` is asked for where a film got no answer. */
  constructor(films, again) {
    Object.assign(this, { films, again, film: null, served: new Map() });
    films.addEventListener("changed", (event) => { if (event.detail === this.film) this.draw(); });
    films.addEventListener("chosen", () => this.draw());
    element("opacity").addEventListener("input", () => this.#fade());
    for (const id of ["inverted", "enlarged"]) element(id).addEventListener("click", () => this.#press(id));
    this.#fade();
  }

  show(film) {
    this.film = film;
    this.draw();
    element("stage").scrollTop = 0;
  }

  draw() {
    if (!this.film) return;
    const readings = this.films.models.map((model) => [this.served.get(model), this.film.of(model)]);
    say(element("name"), this.film.name);
    element("name").title = this.film.name; // where there is no room for it
    say(element("agree"), agreement(readings));
    element("stage").dataset.models = readings.length > 1 ? "many" : "one";
    const has = (which) => readings.some(([, reading]) => reading.pictures[which]);
    document.querySelector(".looks").hidden = !has("film");
    document.querySelector(".slide").hidden = !has("map");
    element("readings").replaceChildren(...readings.map((one) => this.#reading(...one, readings.length === 1)));
    this.#enlarge();
  }

  #reading(model, reading, isOne) {
    const root = copyOf("reading");
    sheet.fill(root, reading, this.film.name);
    answer.fill(root, reading, model, isOne);
    part(root, "again").querySelector("button").addEventListener("click", () => this.again(this.film, reading));
    const shown = part(root, "sheet");
    const moved = (left, top) => this.#sheets.forEach((other) => other.scrollTo(left, top));
    sheet.follow(shown, { moved, tapped: (at) => this.#press("enlarged", at) });
    return root;
  }

  get #sheets() { return [...element("readings").querySelectorAll(".sheet")]; }

  #press(id, at) {
    const isOn = element(id).getAttribute("aria-pressed") !== "true";
    element(id).setAttribute("aria-pressed", String(isOn));
    element("readings").classList.toggle(id, isOn);
    if (id === "enlarged") this.#enlarge(at);
  }

  #enlarge(at) {
    const isLarge = element("enlarged").getAttribute("aria-pressed") === "true";
    this.#sheets.forEach((one) => sheet.enlarge(one, isLarge, at));
  }

  #fade() {
    const { value } = element("opacity");
    element("shown").textContent = `${value}\u00a0%`;
    element("readings").style.setProperty("--opacity", value / 100);
  }
}
