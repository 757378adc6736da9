// The one way from a file's bytes to a grey film, as images/decode.py has it.

import { colourfulness } from "./colour.js";
import { formatOf, requireSize } from "./content.js";
import { orientationOf } from "./exif.js";
import { toGrey } from "./grey.js";
import { readJpeg } from "./jpeg.js";
import { readPng } from "./png.js";
import { upright } from "./upright.js";

const READERS = { JPEG: readJpeg, PNG: readPng };
const USUAL_SUFFIXES = {
  JPEG: ["jpg", "jpeg", "jpe", "jfif"],
  PNG: ["png"],
  TIFF: ["tif", "tiff"],
  BMP: ["bmp"],
};

/**
 * The film as a viewer shows it: {pixels, width, height, mode, format, notes, colourfulness}.
 *
 * @param {Uint8Array} bytes @param {string} shown what sentences call the file
 */
export async function readFilm(bytes, shown) {
  requireSize(bytes.length, shown);
  const format = formatOf(bytes, shown);
  const picture = await READERS[format](bytes, shown);
  const { orientation, notes: turned } = orientationOf(picture.exif, picture.xmp);
  const strayed = colourfulness(picture);
  const grey = toGrey(picture);
  const notes = [...suffixNotes(shown, format), ...picture.notes, ...turned, ...grey.notes];
  const film = upright(grey.pixels, picture.width, picture.height, orientation);
  return { ...film, format, mode: picture.mode, notes, colourfulness: strayed };
}

function suffixNotes(shown, format) {
  const suffix = /[^/]\.([^./]+)$/.exec(shown)?.[1].toLowerCase();
  const usualFor = Object.keys(USUAL_SUFFIXES).find((usual) => USUAL_SUFFIXES[usual].includes(suffix));
  return usualFor && usualFor !== format ? [`Named .${suffix}, but it is a ${format} file.`] : [];
}
