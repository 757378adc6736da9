// Numbers as Python writes them, so that page and command line say the same sentence.

/** A number with so many decimals; an exact tie goes to the even digit, where toFixed would go up. */
export function fixed(value, digits = 0) {
  const [whole, fraction] = value.toFixed(100).split("."); // all digits that a number has
  const isTie = /^50*$/.test(fraction.slice(digits));
  const last = Number((whole + fraction.slice(0, digits)).at(-1));
  return isTie && last % 2 === 0 ? truncated(whole, fraction, digits) : value.toFixed(digits);
}

function truncated(whole, fraction, digits) {
  return digits ? `${whole}.${fraction.slice(0, digits)}` : whole;
}

/** A whole number with a comma after each three digits. */
export function thousands(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A fraction as whole per cent. */
export function percent(fraction) {
  return `${fixed(fraction * 100)}%`;
}
