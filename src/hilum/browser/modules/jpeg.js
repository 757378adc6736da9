// JPEG: its segments are read here, its pixels by the browser, which gets neither profile nor orientation to apply.
// CMYK alone is decoded here too.

import { holds, onePicture, requireFewScans, requirePixels } from "./content.js";
import { damaged } from "./errors.js";
import { planesOfCmyk } from "./jpeg_cmyk.js";

const [APP0, APP1, APP2, APP14, APP15] = [0xe0, 0xe1, 0xe2, 0xee, 0xef];
const START_OF_SCAN = 0xda;
const NOT_FRAMES = new Set([0xc4, 0xc8, 0xcc]); // tables and extensions, among the markers of frames
const MODES = { 1: "L", 3: "RGB", 4: "CMYK" };
const XMP = "http://ns.adobe.com/xap/1.0/\0";
const STRIP_PIXELS = 2 ** 20;

/** A picture {width, height, mode, planes}: [grey] or [red, green, blue], a byte a pixel, as stored; and exif, xmp. */
export async function readJpeg(bytes, shown) {
  requireFewScans(bytes, shown);
  const header = headerOf(bytes, shown);
  requirePixels(header.width, header.height, shown);
  if (header.mode === "CMYK") return { ...header, planes: ofCmyk(bytes, shown), alpha: null, notes: [] };
  const bitmap = await decoded(header.lean, shown);
  try {
    if (bitmap.width !== header.width || bitmap.height !== header.height) {
      throw damaged(shown, "JPEG", `the browser gives ${bitmap.width} x ${bitmap.height} pixels of it`);
    }
    return { ...header, planes: planesOf(bitmap, header.mode === "L" ? 1 : 3), alpha: null, notes: [] };
  } finally {
    bitmap.close();
  }
}

/** Size and mode, EXIF and XMP, and the file without what tells a browser of colours and orientation. */
function headerOf(bytes, shown) {
  const kept = [bytes.subarray(0, 2)];
  const found = { exif: null, xmp: "", pictures: 1, isGainMap: false };
  let frame = null;
  let at = 2;
  for (;;) {
    const { marker, start, end } = segmentAt(bytes, at, shown);
    if (marker >= 0xc0 && marker <= 0xcf && !NOT_FRAMES.has(marker) && !frame) {
      frame = frameOf(bytes.subarray(start, end), shown);
    }
    if (marker >= APP0 && marker <= APP15) learn(found, marker, bytes.subarray(start, end));
    const tellsOfColour = marker > APP0 && marker <= APP15 && marker !== APP14;
    if (!tellsOfColour) kept.push(bytes.subarray(at, marker === START_OF_SCAN ? bytes.length : end));
    if (marker === START_OF_SCAN) break;
    at = end;
  }
  if (!frame) throw damaged(shown, "JPEG", "it does not say how large its picture is");
  if (found.pictures > 1 && !found.isGainMap) throw onePicture(shown, "MPO");
  return { ...frame, exif: found.exif, xmp: found.xmp, lean: new Blob(kept, { type: "image/jpeg" }) };
}

function segmentAt(bytes, at, shown) {
  let place = at;
  while (bytes[place] === 0xff && bytes[place + 1] === 0xff) place += 1; // fill bytes
  const length = (bytes[place + 2] << 8) | bytes[place + 3];
  const end = place + 2 + length;
  if (bytes[place] !== 0xff || !(length >= 2) || end > bytes.length) {
    throw damaged(shown, "JPEG", "its header is broken off or damaged");
  }
  return { marker: bytes[place + 1], start: place + 4, end };
}

function frameOf(segment, shown) {
  const [precision, components] = [segment[0], segment[5]];
  if (precision !== 8) throw damaged(shown, "JPEG", `cannot handle ${precision}-bit layers`);
  if (!MODES[components]) throw damaged(shown, "JPEG", `cannot handle ${components}-layer images`);
  const [height, width] = [(segment[1] << 8) | segment[2], (segment[3] << 8) | segment[4]];
  if (!width || !height) throw damaged(shown, "JPEG", "its picture has no pixels");
  return { width, height, mode: MODES[components] };
}

function learn(found, marker, segment) {
  if (marker === APP1 && holds(segment, "Exif\0\0")) {
    found.exif = found.exif ? joined(found.exif, segment.subarray(6)) : segment;
  } else if (marker === APP1 && holds(segment, XMP)) {
    found.xmp = new TextDecoder("latin1").decode(segment.subarray(XMP.length));
  }
  if (marker === APP1 && new TextDecoder("latin1").decode(segment).includes(' hdrgm:Version="')) found.isGainMap = true;
  if (marker === APP2 && holds(segment, "MPF\0")) found.pictures = picturesOf(segment.subarray(4));
}

/** How many pictures a Multi-Picture file says that it holds. */
function picturesOf(tiff) {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const isLittle = holds(tiff, "II");
  if (tiff.length < 10) return 1;
  const directory = view.getUint32(4, isLittle);
  for (let entry = directory + 2; entry + 12 <= tiff.length; entry += 12) {
    if (view.getUint16(entry, isLittle) === 0xb001) return view.getUint32(entry + 8, isLittle);
  }
  return 1;
}

function joined(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

function ofCmyk(bytes, shown) {
  try {
    return planesOfCmyk(bytes);
  } catch (error) {
    throw damaged(shown, "JPEG", error instanceof RangeError ? error.message : "broken data stream");
  }
}

async function decoded(blob, shown) {
  try {
    return await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    throw damaged(shown, "JPEG", "it is damaged or broken off, or of a kind that this browser does not know");
  }
}

/** The pixels of a bitmap in strips: a film of 64 million of them would else need a quarter of a gigabyte at once. */
function planesOf(bitmap, count) {
  const { width, height } = bitmap;
  const rows = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)));
  const canvas = new OffscreenCanvas(width, rows);
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  const planes = Array.from({ length: count }, () => new Uint8Array(width * height));
  for (let top = 0; top < height; top += rows) {
    const strip = Math.min(rows, height - top);
    context.drawImage(bitmap, 0, top, width, strip, 0, 0, width, strip);
    const { data } = context.getImageData(0, 0, width, strip);
    for (let channel = 0; channel < count; channel += 1) {
      const plane = planes[channel];
      for (let from = channel, to = top * width; from < data.length; from += 4, to += 1) plane[to] = data[from];
    }
  }
  return planes;
}
