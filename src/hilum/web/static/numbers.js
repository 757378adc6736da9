// Numbers as Python writes them, so that page, report and command line say the same.

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

/** A share in per cent: one digit, or two or three that keep it apart from 0 and 100 %. percent(0.974) is "97.4 %". */
export function percent(share) {
  const texts = [1, 2, 3].map((digits) => fixed(100 * share, digits));
  const told = texts.find((text) => !isEnd(text) || share === 0 || share === 1);
  return told === undefined ? nearly(share) : `${told}\u00a0%`;
}

/** Two ends of an interval in per cent: range(0.93, 0.968) is "93.0 to 96.8 %". */
export const range = (low, high) => `${percent(low).replace("\u00a0%", "")} to ${percent(high)}`;

/** A prevalence, or another share that was chosen: three digits of it or of what it leaves, none that says nothing. */
export function prevalence(share) {
  const smaller = 100 * Math.min(share, 1 - share);
  const digits = Math.max(0, 2 - Number(smaller.toExponential().split("e")[1]));
  const told = plain(fixed(smaller, digits));
  const decimals = (told.split(".")[1] ?? "").length;
  return `${share <= 0.5 ? told : (100 - Number(told)).toFixed(decimals)}\u00a0%`;
}

/** A probability in per cent, with as many digits as it takes to tell it from its threshold; never as certain. */
export function apart(value, other) {
  const written = (digits) => fixed(100 * value, digits);
  const digits = [1, 2, 3, 4].find((count) => written(count) !== fixed(100 * other, count)) ?? 4;
  const isNear = digits === 1 && !(value >= 0.001 && value <= 0.999);
  return isNear || isEnd(written(digits)) ? nearly(value) : `${written(digits)}\u00a0%`;
}

/** What is written of a share next to 0 or 100 %. */
const nearly = (share) => (share > 0.5 ? "over 99.9\u00a0%" : "under 0.1\u00a0%");

const isEnd = (text) => [0, 100].includes(Number(text));

const plain = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
