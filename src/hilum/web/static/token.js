// The form that asks for the server's token.
import { element, part, say } from "./markup.js";

export class TokenForm {
  /** `given(token)` is called with what was typed. */
  constructor(given) {
    element("token").addEventListener("submit", (event) => {
      event.preventDefault();
      const field = element("token-value");
      given(field.value.trim());
      field.value = "";
    });
  }

  /** Asks; `problem` says why again. */
  ask(problem = "") {
    say(part(element("token"), "problem"), problem);
    element("token-value").focus();
  }
}
