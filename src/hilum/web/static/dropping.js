// Films that come by drop or by the file dialog.
import { element } from "./markup.js";

/** `take(files)` is called with what was dropped or chosen, folders opened; `isOpen()` says whether films are taken. */
export function takeFilms(take, isOpen) {
  const chooser = element("chooser");
  document.querySelectorAll("[data-choose]").forEach((button) => button.addEventListener("click", () => chooser.click()));
  chooser.addEventListener("change", () => {
    take([...chooser.files]);
    chooser.value = ""; // so that the same film can be chosen again
  });
  const veil = element("drop");
  const over = (event) => {
    event.preventDefault(); // else the browser would leave the page and open the file
    veil.hidden = !isOpen() || !event.dataTransfer.types.includes("Files");
  };
  document.addEventListener("dragenter", over);
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) veil.hidden = true; });
  document.addEventListener("drop", async (event) => {
    event.preventDefault();
    veil.hidden = true;
    if (isOpen()) take(await filesOf(event.dataTransfer));
  });
}

/** All files of a drop, those in folders too, by name. */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const found = (await Promise.all(entries.map(inside))).flat();
  return found.filter((file) => !file.name.startsWith(".")); // what systems hide in folders is no film
}

async function inside(entry) {
  if (entry.isFile) return [await new Promise((done, fail) => entry.file(done, fail))];
  const reader = entry.createReader();
  const found = [];
  for (;;) { // a reader gives at most a hundred at a time
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) break;
    found.push(...some);
  }
  found.sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }));
  return (await Promise.all(found.map(inside))).flat();
}
