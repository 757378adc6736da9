// The page's own elements: copies of its templates, and their parts.

/** A fresh copy of what stands in <template id="name">. */
export const copyOf = (name) => document.getElementById(name).content.firstElementChild.cloneNode(true);

/** The element with that id. */
export const element = (id) => document.getElementById(id);

/** The element marked data-part="name" inside `root`. */
export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

/** Writes a text; without one the element is hidden. */
export function say(target, text) {
  target.textContent = text || "";
  target.hidden = !text;
}

/** Writes a list, one item a text; without texts it is hidden. */
export function list(target, texts) {
  target.replaceChildren(...texts.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  target.hidden = texts.length === 0;
}
