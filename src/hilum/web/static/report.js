// Reports on one film or on all of this tab, saved as files, and the page on paper.
import { element, say } from "./markup.js";

const LANGUAGES = { en: "English", fr: "français" };

export class Report {
  /** `shown()` gives the film on the stage. */
  constructor(server, films, shown) {
    Object.assign(this, { server, films, shown });
    element("report").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save(event.submitter.value);
    });
    element("print").addEventListener("click", () => window.print());
  }

  /** What the server can write. */
  offer({ languages, has_pdf, most_films }) {
    this.most = most_films;
    element("report").querySelector("[value=pdf]").hidden = !has_pdf;
    element("language").replaceChildren(...languages.map((code) => new Option(LANGUAGES[code] ?? code, code)));
  }

  async #save(format) {
    const films = element("scope").value === "all" ? this.films.all : [this.shown()];
    if (films.length > this.most) return this.#tell(`A report holds at most ${this.most} films; here are ${films.length}.`);
    if (this.isWriting) return; // buttons stay enabled: one that is disabled loses the focus of a keyboard
    this.isWriting = true;
    this.#tell("The report is being written\u2026");
    try {
      for (const model of this.films.models) await this.#one(films, { model, format, language: element("language").value });
      this.#tell("The report is saved.");
    } catch (problem) {
      this.#tell(problem.message);
    }
    this.isWriting = false;
  }

  async #one(films, asked) {
    const busy = (seconds) => this.#tell(`The server is busy; asked again in ${seconds} s.`);
    const { content, name } = await this.server.report(films.map((film) => film.file), asked, busy);
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(content), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // after the browser has taken it
  }

  #tell(words) { say(element("saved"), words); }
}
