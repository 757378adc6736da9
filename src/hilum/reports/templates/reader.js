"use strict";
const films = [...document.querySelectorAll("#films img")];
const game = JSON.parse(document.getElementById("game").textContent);
const element = (name) => document.getElementById(name);
const key = "hilum-read-" + game.name;
const codes = new Set(films.map((film) => film.dataset.film));
const given = new Map(Object.entries(game.answers));
let saved = true;

// A browser may refuse storage to a page from the disc; the file of answers is then the only memory.
try {
  for (const [film, answer] of JSON.parse(localStorage.getItem(key) || "[]")) {
    if (codes.has(film) && (answer === "pneumonia" || answer === "normal")) given.set(film, answer);
  }
} catch { /* nothing was kept */ }

const firstOpen = () => films.findIndex((film) => !given.has(film.dataset.film));
let place = firstOpen() < 0 ? films.length : firstOpen();

function keep() {
  try { localStorage.setItem(key, JSON.stringify([...given])); } catch { /* see above */ }
}

function show() {
  films.forEach((film, number) => { film.hidden = number !== place; });
  const isOver = place >= films.length;
  element("where").textContent = isOver ? "All films are shown." : `Film ${place + 1} of ${films.length}`;
  const current = isOver ? "" : given.get(films[place].dataset.film);
  for (const answer of ["pneumonia", "normal"]) {
    element(answer).disabled = isOver;
    element(answer).setAttribute("aria-pressed", String(current === answer));
  }
  element("back").disabled = place === 0;
  element("next").disabled = isOver || !current;
  element("bar").style.width = `${(100 * given.size) / films.length}%`;
  element("count").textContent = `${given.size} of ${films.length} answered${saved ? "" : ", not saved to a file yet"}`;
  element("over").hidden = given.size < films.length;
}

function answer(word) {
  if (place >= films.length) return;
  given.set(films[place].dataset.film, word);
  saved = false;
  keep();
  place += 1;
  show();
}

function move(step) {
  const target = place + step;
  if (target < 0 || target > films.length || (step > 0 && element("next").disabled)) return;
  place = target;
  show();
}

function save() {
  const rows = films
    .map((film, number) => [number + 1, film.dataset.film, given.get(film.dataset.film)])
    .filter((row) => row[2]);
  const text = [game.columns, ...rows].map((row) => row.join(",") + "\n").join("");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = "answers.csv";
  link.click();
  URL.revokeObjectURL(link.href);
  saved = true;
  show();
}

const actions = {
  p: () => answer("pneumonia"), n: () => answer("normal"), s: save,
  Backspace: () => move(-1), ArrowLeft: () => move(-1), ArrowRight: () => move(1),
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (action) { event.preventDefault(); action(); }
});
element("pneumonia").addEventListener("click", actions.p);
element("normal").addEventListener("click", actions.n);
element("back").addEventListener("click", actions.Backspace);
element("next").addEventListener("click", actions.ArrowRight);
element("save").addEventListener("click", save);
window.addEventListener("beforeunload", (event) => { if (!saved) event.preventDefault(); });
show();
