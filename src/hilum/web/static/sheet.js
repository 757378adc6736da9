// One film on the screen with its map over it: enlarged, moved, inverted.
import { part } from "./markup.js";

const ENLARGED = 2.5; // as layout.css has it
const STILL_PX = 5;

/** Fills a reading's figure; `name` is the film's. */
export function fill(root, reading, name) {
  const { film, map } = reading.pictures;
  const shown = { film: [film, `Film ${name}`], map: [map, "Map of the evidence over the film"], beside: [map && film, ""] };
  for (const [which, [address, words]] of Object.entries(shown)) {
    const picture = part(root, which);
    picture.hidden = !address;
    if (address) Object.assign(picture, { src: address, alt: words });
  }
  const blank = part(root, "blank");
  blank.hidden = Boolean(film);
  blank.textContent = reading.isOver ? "No picture" : "";
  part(root, "sheet").hidden = !film;
}

/** Makes a film fill its sheet, or stand larger than it; the place under the pointer stays where it is. */
export function enlarge(sheet, isLarge, at = { x: 0.5, y: 0.5 }) {
  sheet.classList.toggle("large", isLarge);
  if (!isLarge) return ["tabindex", "role", "aria-label"].forEach((name) => sheet.removeAttribute(name));
  sheet.tabIndex = 0; // what can be scrolled must be reached by keyboard
  sheet.setAttribute("role", "group");
  sheet.setAttribute("aria-label", "Enlarged film; the arrow keys move it");
  sheet.scrollLeft = (ENLARGED - 1) * sheet.clientWidth * at.x;
  sheet.scrollTop = (ENLARGED - 1) * sheet.clientHeight * at.y;
}

/** Lets a pointer move an enlarged film; `moved` is told where it went, `tapped` where a still pointer touched, 0 to 1. */
export function follow(sheet, { moved, tapped }) {
  let from = null;
  sheet.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    from = { x: event.clientX, y: event.clientY, left: sheet.scrollLeft, top: sheet.scrollTop };
  });
  sheet.addEventListener("pointermove", (event) => {
    if (!from || event.pointerType !== "mouse") return; // a finger scrolls by itself
    sheet.scrollTo(from.left + from.x - event.clientX, from.top + from.y - event.clientY);
  });
  sheet.addEventListener("pointerup", (event) => {
    if (from && Math.hypot(event.clientX - from.x, event.clientY - from.y) < STILL_PX) {
      const box = sheet.getBoundingClientRect();
      tapped({ x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height });
    }
    from = null;
  });
  for (const end of ["pointerleave", "pointercancel"]) sheet.addEventListener(end, () => { from = null; });
  sheet.addEventListener("scroll", () => moved(sheet.scrollLeft, sheet.scrollTop));
}
