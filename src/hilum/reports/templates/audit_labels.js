"use strict";
const films = [...document.querySelectorAll("fieldset[data-sha256]")];
const key = "hilum-labels-" + document.body.dataset.key;
const choice = (film) => film.querySelector("input:checked")?.value ?? "";
const quoted = (cell) => '"' + cell.replaceAll('"', '""') + '"';

function kept() {
  try { return JSON.parse(localStorage.getItem(key)) ?? {}; } catch { return {}; }
}

function count() {
  const decided = films.filter((film) => choice(film));
  const against = decided.filter((film) => choice(film) !== film.dataset.was).length;
  document.getElementById("decided").textContent = decided.length;
  document.getElementById("against").textContent = against;
  document.getElementById("save").disabled = decided.length === 0;
}

function keep() {
  const choices = Object.fromEntries(films.map((film) => [film.dataset.sha256, choice(film)]).filter((pair) => pair[1]));
  try { localStorage.setItem(key, JSON.stringify(choices)); } catch { /* a browser that keeps nothing can still save */ }
}

function save() {
  const lines = films.filter((film) => choice(film)).map((film) =>
    [film.dataset.path, choice(film), film.dataset.sha256, film.dataset.was].map(quoted).join(","));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([[document.body.dataset.columns, ...lines, ""].join("\n")], { type: "text/csv" }));
  link.download = "corrections.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function clear() {
  for (const input of document.querySelectorAll("fieldset input:checked")) input.checked = false;
  keep();
  count();
}

const earlier = kept();
for (const film of films) {
  for (const input of film.querySelectorAll("input")) input.checked = input.value === earlier[film.dataset.sha256];
}
document.addEventListener("change", (event) => {
  if (event.target.closest("fieldset")) { keep(); count(); }
});
document.getElementById("save").addEventListener("click", save);
document.getElementById("clear").addEventListener("click", clear);

const large = document.getElementById("large");
for (const picture of document.querySelectorAll("button.film")) {
  picture.addEventListener("click", () => {
    large.querySelector("img").src = picture.querySelector("img").src;
    large.querySelector("p").textContent = picture.dataset.says;
    large.showModal();
  });
}
large.addEventListener("click", () => large.close());
document.getElementById("bar").hidden = false;
count();
