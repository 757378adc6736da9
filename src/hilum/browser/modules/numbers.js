// Numbers as Python writes them, so that page and command line say the same sentence.

import { fixed } from "../../web/static/numbers.js";

/** A whole number with a comma after each three digits. */
export function thousands(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A fraction as whole per cent. */
export function percent(fraction) {
  return `${fixed(fraction * 100)}%`;
}
