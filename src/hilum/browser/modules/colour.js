// How colourful a picture is before it becomes grey, as in images/colour.py: a film is grey, or of one tint.

import { times } from "./grey.js";
import { quantile } from "./quantiles.js";
import { reduced } from "./reduce.js";

const CELLS = 64;
const SHARE = 0.1;
const MARKED_SHARE = 0.2;
const MOST_COLOURS = 10_000;

/** Grey levels by which a tenth of the picture strays from one tint, or a fifth from grey, whichever is less. */
export function colourfulness({ planes, width, height, alpha, isAlphaChannel }) {
  if (!planes || planes.length !== 3) return 0;
  const factor = Math.max(1, Math.floor(Math.min(width, height) / CELLS));
  const small = isAlphaChannel
    ? reducedUnderAlpha(planes, alpha, width, height, factor)
    : planes.map((plane) => reduced(plane, width, height, factor).pixels);
  const step = Math.max(1, Math.floor(small[0].length / MOST_COLOURS));
  const colours = [];
  for (let i = 0; i < small[0].length; i += step) colours.push(small.map((plane) => plane[i]));
  return beyondGreyOrOneTint(colours);
}

/** Colours are weighted by their alpha while they are averaged. */
function reducedUnderAlpha(planes, alpha, width, height, factor) {
  if (factor === 1) return planes;
  const small = reduced(alpha, width, height, factor).pixels;
  return planes.map((plane) => {
    const weighted = plane.map((value, i) => times(value, alpha[i]));
    const { pixels } = reduced(weighted, width, height, factor);
    return pixels.map((value, i) => {
      const isPlain = small[i] === 0 || small[i] === 255;
      return isPlain ? value : Math.min(255, Math.floor((255 * value) / small[i]));
    });
  });
}

function beyondGreyOrOneTint(colours) {
  const brightness = colours.map(([red, green, blue]) => (red + green + blue) / 3);
  const chroma = [0, 2].map((channel) => colours.map((colour, i) => colour[channel] - brightness[i]));
  const parabola = orthonormal([0, 1, 2].map((power) => brightness.map((value) => (value / 255) ** power)));
  const strayed = chroma.map((values) => beyond(values, parabola));
  const length = ([red, blue]) => red.map((value, i) => Math.hypot(value, blue[i]));
  return Math.min(quantile(length(chroma), 1 - MARKED_SHARE), quantile(length(strayed), 1 - SHARE));
}

/** Directions at right angles that span the same columns; a column that adds none is left out. */
function orthonormal(columns) {
  const basis = [];
  for (const column of columns) {
    const rest = beyond(beyond(column, basis), basis); // twice, as once leaves rounding errors
    const size = Math.sqrt(dot(rest, rest));
    if (size > 1e-9 * Math.sqrt(dot(column, column))) basis.push(rest.map((value) => value / size));
  }
  return basis;
}

/** What a sum of the basis leaves of the values. */
function beyond(values, basis) {
  let rest = values;
  for (const direction of basis) {
    const share = dot(rest, direction);
    rest = rest.map((value, i) => value - share * direction[i]);
  }
  return rest;
}

function dot(first, second) {
  let sum = 0;
  for (let i = 0; i < first.length; i += 1) sum += first[i] * second[i];
  return sum;
}
