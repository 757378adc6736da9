// The server's REST interface, as this page uses it. The token lives in this object and nowhere else.
import { Problem } from "./problem.js";

const BUSY_S = 2; // where a busy server does not say when to come again

const sleep = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

export class Server {
  #token = "";

  useToken(token) { this.#token = token; }

  /** What is served, and its limits. */
  async about() { return contentOf(await this.#ask("api/v1/models")); }

  /** What one model says of one film, with pictures. `busy(seconds)` is called where the server asks to wait. */
  async predict(file, model, busy) {
    const query = new URLSearchParams({ model, pictures: "true" });
    return contentOf(await this.#ask(`api/v1/predict?${query}`, await bodyOf([file]), busy));
  }

  /** A report as a file: {content, name}. */
  async report(files, { model, format, language }, busy) {
    const query = new URLSearchParams({ model, format, language });
    const response = await this.#ask(`api/v1/report?${query}`, await bodyOf(files), busy);
    const [, name] = /filename="?([\w.-]+)/.exec(response.headers.get("Content-Disposition") ?? "") ?? [];
    return { content: await response.blob(), name: name ?? `report.${format}` };
  }

  /** The answer to one request; a full queue (503) is asked again when it says so. */
  async #ask(path, body, busy = () => {}) {
    for (;;) {
      const response = await this.#send(path, body);
      if (response.ok) return response;
      const problem = await Problem.of(response);
      if (response.status !== 503) throw problem;
      const seconds = problem.retryAfter || BUSY_S;
      busy(seconds);
      await sleep(seconds);
    }
  }

  async #send(path, body) {
    const headers = this.#token ? { Authorization: `Bearer ${this.#token}` } : {};
    try {
      return await fetch(path, { method: body ? "POST" : "GET", body, headers, cache: "no-store", credentials: "omit" });
    } catch {
      throw Problem.unreachable();
    }
  }
}

/** The JSON of an answer, which a network may have cut off or replaced. */
const contentOf = (response) => response.json().catch(() => { throw Problem.unread(); });

/** The films as a form; a file that is gone or changed is told from a server that is. */
async function bodyOf(files) {
  const body = new FormData();
  for (const file of files) {
    await file.slice(0, 1).arrayBuffer().catch(() => { throw Problem.lostFile(file.name); });
    body.append("film", file, file.name);
  }
  return body;
}
