// What kind of file these bytes are, as in images/content.py; a page reads JPEG and PNG alone.

import { HilumError } from "./errors.js";
import { thousands } from "./numbers.js";

export const LIMITS = { bytes: 64 * 1024 * 1024, pixels: 64_000_000 };
const READABLE = "a JPEG or PNG image";
const MOST_SCANS = 100;

const READABLE_SIGNATURES = [
  ["\xff\xd8\xff", "JPEG"],
  ["\x89PNG\r\n\x1a\n", "PNG"],
];
const ONLY_OUTSIDE = [
  ["II*\0", "a TIFF image"],
  ["MM\0*", "a TIFF image"],
  ["II+\0", "a TIFF image"],
  ["MM\0+", "a TIFF image"],
  ["BM", "a BMP image"],
];
const OTHER_SIGNATURES = [
  [0, "GIF8", "a GIF image"],
  [8, "WEBP", "a WebP image"],
  [0, "8BPS", "a Photoshop document"],
  [0, "SIMPLE  =", "a FITS image"],
  [128, "DICM", "a DICOM file"],
  [4, "ftypheic", "a HEIC image"],
  [4, "ftypmif1", "a HEIC image"],
  [4, "ftypavif", "an AVIF image"],
  [4, "jP  \r\n", "a JPEG 2000 image"],
  [0, "\xff\x4f\xff\x51", "a JPEG 2000 image"],
  [0, "%PDF", "a PDF document"],
  [0, "PK\x03\x04", "a ZIP archive"],
  [0, "\x1f\x8b", "a gzip file"],
  [0, "\x93NUMPY", "a NumPy array"],
  [0, "\x89HDF", "an HDF5 file"],
];

/** True where the bytes hold this text, one byte a character, at the offset. */
export function holds(bytes, text, offset = 0) {
  if (offset + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i += 1) if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Refuse content that is empty or larger than the limit. */
export function requireSize(count, shown) {
  if (count === 0) {
    const again = "Copy or download the file again, or remove it.";
    throw new HilumError(`'${shown}' is empty (0 bytes).`, READABLE, again);
  }
  if (count > LIMITS.bytes) {
    throw new HilumError(
      `'${shown}' has ${thousands(count)} bytes.`,
      `at most ${thousands(LIMITS.bytes)} bytes`,
      "Save the image with compression or at a lower resolution.",
    );
  }
}

/** Refuse a picture of too many pixels, before any of them is decoded. */
export function requirePixels(width, height, shown) {
  if (width * height > LIMITS.pixels) {
    throw new HilumError(
      `'${shown}' is ${thousands(width)} x ${thousands(height)} pixels.`,
      `at most ${thousands(LIMITS.pixels)} pixels`,
      "Save it at a lower resolution.",
    );
  }
}

/** Refuse a file of more than one picture: which of them is the film? */
export function onePicture(shown, format) {
  return new HilumError(
    `'${shown}' holds more than one picture (multi-page or animated ${format}).`,
    "one film in a file",
    "Save each picture as a file of its own.",
  );
}

/** The format by its signature, "JPEG" or "PNG"; the file's name plays no part. */
export function formatOf(bytes, shown) {
  for (const [signature, format] of READABLE_SIGNATURES) if (holds(bytes, signature)) return format;
  for (const [signature, kind] of ONLY_OUTSIDE) {
    if (holds(bytes, signature)) {
      const toDo = "Convert it to PNG, or give it to 'hilum predict', which reads it.";
      throw new HilumError(`'${shown}' holds ${kind}, which a browser does not read.`, READABLE, toDo);
    }
  }
  const toDo = "Convert it to PNG, or remove it from the images.";
  throw new HilumError(`'${shown}' holds ${kindOf(bytes)}.`, READABLE, toDo);
}

/** Refuse a JPEG that draws its picture over and over. */
export function requireFewScans(bytes, shown) {
  let scans = 0;
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) scans += bytes[at + 1] === 0xda;
  if (scans > MOST_SCANS) {
    throw new HilumError(
      `'${shown}' draws its picture in ${thousands(scans)} scans.`,
      `a JPEG of at most ${MOST_SCANS} scans (usual are 1 to 10)`,
      "Save it again with an image program, or remove it from the images.",
    );
  }
}

function kindOf(bytes) {
  for (const [offset, signature, kind] of OTHER_SIGNATURES) if (holds(bytes, signature, offset)) return kind;
  const head = bytes.subarray(0, 512);
  if (head.every((byte) => byte === 0)) return "zero bytes only";
  const text = asText(head);
  if (text === null) return `unknown data (first bytes ${[...head.subarray(0, 8)].map(twoDigits).join(" ")})`;
  return text.trimStart().startsWith("<") ? "HTML or XML text" : "text";
}

function asText(head) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(head, { stream: true });
    return /[\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

function twoDigits(byte) {
  return byte.toString(16).padStart(2, "0");
}
