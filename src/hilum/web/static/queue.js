// Sends the films that wait, one after the other, so that the first answers come at once and a server is never flooded.
import { Problem } from "./problem.js";

const OVER = new Set([0, 401, 429]); // no server, no token: the same would happen to every other film

export class Queue {
  #isRunning = false;

  /** `stopped(problem)` is called where no film can be answered at present; what waits goes on waiting. */
  constructor(server, films, stopped) {
    Object.assign(this, { server, films, stopped, largest: Infinity });
  }

  /** Goes through all that waits; does nothing where that is going on. */
  async run() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let next = this.#next(); next; next = this.#next()) await this.#ask(...next);
    } catch (problem) {
      this.stopped(problem);
    } finally {
      this.#isRunning = false;
    }
  }

  #next() { return this.films.readings.find(([, , reading]) => reading.state === "waiting"); }

  async #ask(film, model, reading) {
    const become = (state, more = {}) => {
      Object.assign(reading, { state }, more);
      this.films.changed(film);
    };
    become("sent");
    try {
      if (film.file.size > this.largest) throw Problem.tooLarge(film.file, this.largest);
      const answer = await this.server.predict(film.file, model, (wait_s) => become("busy", { wait_s }));
      if (this.films.all.includes(film)) reading.take(answer); // it may have been forgotten meanwhile
      this.films.changed(film);
    } catch (problem) {
      if (OVER.has(problem.status)) {
        become("waiting");
        throw problem;
      }
      become("failed", { problem: problem.message });
    }
  }
}
