// Film and map as pictures for the screen, no larger than it needs.

import { overlay } from "./evidence.js";
import { reduced } from "./reduce.js";

const LONGEST_PX = 1024;

/** {film, map} as addresses; map is null where there is none. */
export function picturesOf(film, map, facts) {
  const longest = Math.max(film.width, film.height);
  const rough = reduced(film.pixels, film.width, film.height, Math.floor(longest / LONGEST_PX));
  const scale = Math.min(1, LONGEST_PX / longest);
  const [width, height] = [film.width, film.height].map((length) => Math.max(1, Math.round(length * scale)));
  const small = canvasOf(width, height);
  const context = small.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(canvasOf(rough.width, rough.height, greyAsRgba(rough.pixels)), 0, 0, width, height);
  return {
    film: small.toDataURL("image/jpeg", 0.92),
    map: map && canvasOf(width, height, overlay(map, facts, width, height)).toDataURL("image/png"),
  };
}

function greyAsRgba(pixels) {
  const rgba = new Uint8ClampedArray(4 * pixels.length);
  for (let i = 0, at = 0; i < pixels.length; i += 1, at += 4) {
    rgba[at] = rgba[at + 1] = rgba[at + 2] = pixels[i];
    rgba[at + 3] = 255;
  }
  return rgba;
}

function canvasOf(width, height, rgba = null) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  if (rgba) canvas.getContext("2d").putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas;
}
