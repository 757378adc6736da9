// What went wrong, in words for people: what happened, what was expected, what to do.

const GATEWAY = new Set([502, 504]); // a proxy answers, the server behind it does not

export class Problem extends Error {
  /** `status` is that of HTTP; 0 where no server answered, -1 for what has none. */
  constructor(status, happened, { expected = "", what = "", retryAfter = 0 } = {}) {
    super([happened, expected && `Expected ${expected.replace(/\.$/, "")}.`, what].filter(Boolean).join(" "));
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** That of an answer which is no success: a problem document (RFC 9457), or whatever a proxy put in its place. */
  static async of(response) {
    if (GATEWAY.has(response.status)) return Problem.unreachable();
    const retryAfter = Number(response.headers.get("Retry-After")) || 0;
    const told = await response.json().catch(() => ({}));
    const happened = told.detail || told.title || `The server answered with status ${response.status}.`;
    return new Problem(response.status, happened, { expected: told.expected, what: told.do, retryAfter });
  }

  static unreachable() {
    return new Problem(0, "The server does not answer.", { what: "Look whether it still runs and the network is there." });
  }

  static unread() {
    return new Problem(-1, "The answer of the server cannot be read.", { what: "Try again; if that does not help, tell whoever runs it." });
  }

  static lostFile(name) {
    return new Problem(-1, `This browser cannot read '${name}' any more.`, { what: "If it was moved or changed, add it again." });
  }

  static tooLarge(file, most) {
    const size = (bytes) => `${Math.ceil(bytes / 2 ** 20)} MB`;
    return new Problem(413, `'${file.name}' has ${size(file.size)}.`, {
      expected: `at most ${size(most)}`, what: "Save the film as JPEG or PNG, or export it again.",
    });
  }
}
