// The page: what is shown when, and who tells whom. Start reading here.
import { takeFilms } from "./dropping.js";
import { Films } from "./films.js";
import { element, part, say } from "./markup.js";
import { Models } from "./models.js";
import { Queue } from "./queue.js";
import { Report } from "./report.js";
import { Rows } from "./rows.js";
import { Server } from "./server.js";
import { Stage } from "./stage.js";
import { followTheme } from "./theme.js";
import { TokenForm } from "./token.js";

const WRONG_TOKEN = "That is not the token of this server. Look at it again: capitals count.";
const PLACES = { token: "#token-value", welcome: "#welcome [data-choose]", work: "#rows [aria-current]" };
// One of them is shown; where it comes instead of another, what it names takes the focus.

const server = new Server();
const films = new Films();
const queue = new Queue(server, films, trouble);
const stage = new Stage(films, (film, reading) => {
  reading.state = "waiting";
  films.changed(film);
  queue.run();
});
new Rows(films, (film) => stage.show(film));
const report = new Report(server, films, () => stage.film);
const models = new Models((names) => films.ask(names));
const token = new TokenForm((typed) => {
  server.useToken(typed);
  start(Boolean(typed));
});

let isOpen = false; // whether the server has said what it serves
let shown = "";

films.addEventListener("listed", place);
films.addEventListener("chosen", () => queue.run());
films.addEventListener("chosen", limits);
element("forget").addEventListener("click", () => films.forget());
part(element("trouble"), "again").addEventListener("click", () => (isOpen ? goOn() : start()));
followTheme();
takeFilms((files) => {
  films.add(files);
  queue.run();
}, () => isOpen);
start();

/** Asks the server what it serves; that is also how a token is tried. */
async function start(hasToken = false) {
  element("trouble").hidden = true;
  try {
    const about = await server.about();
    isOpen = true;
    stage.served = new Map(about.models.map((model) => [model.name, model]));
    queue.largest = about.largest_bytes;
    report.offer(about);
    for (const name of ["takes", "stays"]) if (about[name]) part(element("welcome"), name).textContent = about[name];
    if (!films.models.length || !films.models.every((name) => stage.served.has(name))) models.show(about.models);
    place();
    queue.run();
  } catch (problem) {
    trouble(problem, hasToken);
  }
}

/** What stops all: a token is asked for, or the server is. */
function trouble(problem, hasToken = true) {
  if (problem.status === 401 || problem.status === 429) {
    isOpen = false;
    place();
    token.ask(problem.status === 429 ? problem.message : hasToken ? WRONG_TOKEN : "");
    return;
  }
  say(part(element("trouble"), "words"), problem.message);
  element("trouble").hidden = false;
}

function goOn() {
  element("trouble").hidden = true;
  queue.run();
}

/** Shows the form for the token, the welcome, or the films. */
function place() {
  const before = shown;
  shown = !isOpen ? "token" : films.all.length ? "work" : "welcome";
  Object.keys(PLACES).forEach((name) => { element(name).hidden = name !== shown; });
  element("scoped").hidden = films.all.length < 2;
  if (before && before !== shown) document.querySelector(PLACES[shown])?.focus();
}

/** What limits the answers of the models that are asked, each sentence once. */
function limits() {
  element("limits").parentElement.hidden = false;
  const said = films.models.flatMap((name) => stage.served.get(name).limits);
  element("limits").replaceChildren(...[...new Set(said)].flatMap((sentence) => {
    const words = document.createElement("span");
    words.textContent = sentence;
    return [words, " "];
  }));
}
