// Which of the served models are asked: one, or several side by side.
import { element } from "./markup.js";

export class Models {
  /** `ask(names)` is called with those that are to be asked, in the server's order; never with none. */
  constructor(ask) { this.ask = ask; }

  show(models) {
    const names = models.map((model) => model.name);
    const place = element("models");
    place.replaceChildren(...(names.length > 1 ? [this.#choice(names)] : [text("span", `Model ${names[0]}`)]));
    place.hidden = false;
    this.ask(names.slice(0, 1));
  }

  #choice(names) {
    const menu = document.createElement("details");
    const title = text("summary", `Model ${names[0]}`);
    const group = document.createElement("fieldset");
    const boxes = names.map((name, row) => Object.assign(document.createElement("input"), { type: "checkbox", value: name, checked: !row }));
    group.append(text("legend", "Ask these models, side by side"), ...boxes.map((box) => {
      const label = text("label", box.value);
      label.prepend(box);
      return label;
    }));
    group.addEventListener("change", (event) => {
      if (!boxes.some((box) => box.checked)) event.target.checked = true;
      const chosen = boxes.filter((box) => box.checked).map((box) => box.value);
      title.textContent = chosen.length > 1 ? `${chosen.length} models` : `Model ${chosen[0]}`;
      this.ask(chosen);
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      menu.open = false;
      title.focus();
    });
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
    menu.append(title, group);
    return menu;
  }
}

function text(kind, words) {
  return Object.assign(document.createElement(kind), { textContent: words });
}
