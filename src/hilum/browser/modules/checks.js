// What can be told of a picture without a network: that it cannot be a chest film, and why; as in images/checks.py.

import { quantileOfBytes } from "./quantiles.js";
import { reduced } from "./reduce.js";
import { percent } from "./numbers.js";
import { fixed } from "../../web/static/numbers.js";

const SMALLEST_SIDE_PX = 32;
const LARGEST_ASPECT = 4;
const LEAST_CONTRAST = 24;
const LEAST_SHARE = 0.25;
const MOST_COLOURFUL = 8;
const LOOKED_AT_PX = 512;
const EMPTY_LINE = 12;

/** Every reason why this cannot be assessed as a chest film, as sentences; empty for a film that may be one. */
export function checkFilm(film) {
  const small = reduced(film.pixels, film.width, film.height, Math.floor(Math.min(film.width, film.height) / LOOKED_AT_PX));
  const [across, down] = contrasts(small);
  const reasons = [tiny(film), extreme(film), colourful(film)];
  reasons.push(blank(film, small.pixels) || striped(across, down) || mostlyMargin(across, down));
  return reasons.filter(Boolean);
}

function tiny({ width, height }) {
  if (Math.min(width, height) >= SMALLEST_SIDE_PX) return "";
  return `It is tiny: ${width} x ${height} px, and a film has ${SMALLEST_SIDE_PX} px a side or more.`;
}

function extreme({ width, height }) {
  const aspect = Math.max(width, height) / Math.min(width, height);
  if (aspect <= LARGEST_ASPECT) return "";
  return `It is a strip: one side is ${fixed(aspect, 1)} times the other, and no film has more than ${LARGEST_ASPECT}.`;
}

function colourful(film) {
  return film.colourfulness > MOST_COLOURFUL ? "It is a coloured picture, and a film is grey." : "";
}

function blank(film, pixels) {
  const span = quantileOfBytes(pixels, 0.95) - quantileOfBytes(pixels, 0.05);
  if (span >= LEAST_CONTRAST) return "";
  const told = `It is blank: nine tenths of it lie within ${fixed(span)} grey levels.`;
  const stretch = film.notes.find((note) => note.startsWith("Values from "));
  if (!stretch) return told;
  return `${told} ${stretch} A burnt-in mark far beyond all other values can do that; then export it as 8 bits.`;
}

/** A picture that changes along one side only has lines without contrast everywhere, and no margin. */
function striped(across, down) {
  if (span(across) && span(down)) return "";
  return "It is a gradient or a row of stripes: its grey changes along one side only.";
}

function mostlyMargin(across, down) {
  const share = span(across) * span(down);
  if (share >= LEAST_SHARE) return "";
  return `It is mostly empty margin: only ${percent(share)} of it hold a picture. Crop the film out of its page.`;
}

/** Share of the lines from the first to the last that are not empty. */
function span(contrast) {
  const first = contrast.findIndex((value) => value > EMPTY_LINE);
  const last = contrast.findLastIndex((value) => value > EMPTY_LINE);
  return first < 0 ? 0 : (last - first + 1) / contrast.length;
}

/** Largest minus smallest grey of each row, and of each column. */
function contrasts({ pixels, width, height }) {
  const [low, high] = [new Uint8Array(width).fill(255), new Uint8Array(width)];
  const rows = Array.from({ length: height }, (_, y) => {
    let [darkest, brightest] = [255, 0];
    for (let x = 0, at = y * width; x < width; x += 1, at += 1) {
      const value = pixels[at];
      if (value < darkest) darkest = value;
      if (value > brightest) brightest = value;
      if (value < low[x]) low[x] = value;
      if (value > high[x]) high[x] = value;
    }
    return brightest - darkest;
  });
  return [rows, Array.from(high, (value, x) => value - low[x])];
}
