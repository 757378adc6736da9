// The orientation that a file states, in EXIF (tag 274) or XMP, as in images/decode.py.

import { holds } from "./content.js";

const ORIENTATION = 0x0112;
const [BYTE, SHORT, LONG] = [1, 3, 4];

/**
 * @param {Uint8Array|null} exif with or without the word "Exif" in front
 * @param {string} xmp the XMP packet; empty for none
 * @returns {{orientation: number, notes: string[]}} orientation from 1 to 8
 */
export function orientationOf(exif, xmp) {
  let stated;
  try {
    stated = exif ? ofExif(exif) : undefined;
  } catch {
    return { orientation: 1, notes: ["The EXIF data are damaged; the picture was left as it is stored."] };
  }
  const orientation = stated ?? ofXmp(xmp) ?? 1;
  if (!(orientation >= 1 && orientation <= 8)) {
    return { orientation: 1, notes: [`EXIF orientation ${orientation} has no meaning and was ignored.`] };
  }
  return { orientation, notes: orientation > 1 ? [`Turned upright by EXIF orientation ${orientation}.`] : [] };
}

function ofExif(exif) {
  let start = 0;
  for (let twice = 0; twice < 2 && holds(exif, "Exif\0\0", start); twice += 1) start += 6;
  const tiff = exif.subarray(start);
  if (!tiff.length) return undefined;
  const isLittle = holds(tiff, "II*\0");
  if (!isLittle && !holds(tiff, "MM\0*")) throw new RangeError("no TIFF header");
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const directory = view.getUint32(4, isLittle);
  return directory + 2 <= tiff.length ? inDirectory(view, directory, isLittle) : undefined;
}

function inDirectory(view, directory, isLittle) {
  const entries = view.getUint16(directory, isLittle);
  for (let entry = directory + 2, i = 0; i < entries && entry + 12 <= view.byteLength; i += 1, entry += 12) {
    if (view.getUint16(entry, isLittle) !== ORIENTATION || view.getUint32(entry + 4, isLittle) !== 1) continue;
    const kind = view.getUint16(entry + 2, isLittle);
    if (kind === SHORT) return view.getUint16(entry + 8, isLittle);
    if (kind === LONG) return view.getUint32(entry + 8, isLittle);
    if (kind === BYTE) return undefined;
  }
  return undefined;
}

function ofXmp(xmp) {
  const found = /tiff:Orientation(="|>)([0-9])/.exec(xmp);
  return found ? Number(found[2]) : undefined;
}
