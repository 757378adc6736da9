// PNG, decoded here and not by the browser: a canvas has neither 16 bits nor colours under transparency to the bit.

import { chunksOf } from "./png_chunks.js";
import { requirePixels } from "./content.js";
import { damaged } from "./errors.js";
import { rowReader } from "./png_rows.js";

const [GREY, COLOUR, PALETTE, GREY_ALPHA, COLOUR_ALPHA] = [0, 2, 3, 4, 6];
const SAMPLES = { [GREY]: 1, [COLOUR]: 3, [PALETTE]: 1, [GREY_ALPHA]: 2, [COLOUR_ALPHA]: 4 };
const DEPTHS = {
  [GREY]: [1, 2, 4, 8, 16],
  [COLOUR]: [8, 16],
  [PALETTE]: [1, 2, 4, 8],
  [GREY_ALPHA]: [8, 16],
  [COLOUR_ALPHA]: [8, 16],
};

/** A picture {width, height, mode, planes or deep, alpha, isAlphaChannel, notes}, as stored; and exif, xmp. */
export async function readPng(bytes, shown) {
  const { header, data, ...about } = await chunksOf(bytes, shown);
  requirePixels(header.width, header.height, shown);
  if (!DEPTHS[header.colour]?.includes(header.depth)) {
    throw damaged(shown, "PNG", `it says ${header.depth} bits of the colour type ${header.colour}`);
  }
  if (header.colour === PALETTE && !about.palette) throw damaged(shown, "PNG", "it has no palette");
  const samples = await samplesOf(data, header, shown);
  return { ...header, exif: about.exif, xmp: about.xmp, ...pictureOf(header, samples, about) };
}

/** The stored samples as planes, one for each channel: bytes, or 16 bits for grey of that depth. */
async function samplesOf(data, header, shown) {
  const count = SAMPLES[header.colour];
  const isDeep = header.colour === GREY && header.depth === 16;
  const size = header.width * header.height;
  const planes = Array.from({ length: count }, () => (isDeep ? new Uint16Array(size) : new Uint8Array(size)));
  const write = isDeep ? writeDeep : header.depth < 8 ? writeBits : writeBytes;
  const reader = rowReader(header, (count * header.depth) / 8, (row, pixels, at, step) =>
    write(planes, row, pixels, at, step, header.depth),
  );
  try {
    for await (const part of inflated(data)) reader.take(part);
  } catch (error) {
    throw error instanceof RangeError ? damaged(shown, "PNG", error.message) : damaged(shown, "PNG", "broken data stream");
  }
  if (!reader.isDone()) throw damaged(shown, "PNG", "image file is truncated");
  return planes;
}

async function* inflated(parts) {
  const reader = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function writeDeep([plane], row, pixels, at, step) {
  for (let i = 0; i < pixels; i += 1) plane[at + i * step] = (row[2 * i] << 8) | row[2 * i + 1];
}

/** Of 16 bits the upper 8, as Pillow has it for colours. */
function writeBytes(planes, row, pixels, at, step, depth) {
  const bytes = depth / 8;
  const stride = planes.length * bytes;
  planes.forEach((plane, channel) => {
    for (let i = 0, from = channel * bytes; i < pixels; i += 1, from += stride) plane[at + i * step] = row[from];
  });
}

function writeBits([plane], row, pixels, at, step, depth) {
  const mask = (1 << depth) - 1;
  for (let i = 0, bit = 0; i < pixels; i += 1, bit += depth) {
    plane[at + i * step] = (row[bit >> 3] >> (8 - depth - (bit & 7))) & mask;
  }
}

/** What the samples mean: Pillow's mode, grey or colour, and what is transparent. */
function pictureOf(header, samples, { palette, transparent }) {
  const { colour, depth } = header;
  const notes = depth === 16 && colour !== GREY ? ["16 bits a channel: only the upper 8 were used."] : [];
  if (colour === PALETTE) return { mode: "P", notes, ...ofPalette(samples[0], palette, transparent) };
  if (colour === GREY && depth === 16) {
    return { mode: "I;16", notes, deep: samples[0], alpha: null, hasTransparentValue: transparent !== null };
  }
  if (colour === GREY) {
    const planes = depth === 8 ? samples : [samples[0].map((value) => value * (255 / ((1 << depth) - 1)))];
    return { mode: depth === 1 ? "1" : "L", notes, planes, alpha: transparent && alphaOfGrey(planes[0], transparent, depth) };
  }
  if (colour === GREY_ALPHA) {
    const isColour = depth === 16; // Pillow knows 16-bit grey with alpha as RGBA only
    const planes = isColour ? [samples[0], samples[0], samples[0]] : [samples[0]];
    return { mode: isColour ? "RGBA" : "LA", notes, planes, alpha: samples[1], isAlphaChannel: isColour };
  }
  const planes = samples.slice(0, 3);
  if (colour === COLOUR) return { mode: "RGB", notes, planes, alpha: transparent && alphaOfColour(planes, transparent) };
  return { mode: "RGBA", notes, planes, alpha: samples[3], isAlphaChannel: true };
}

function ofPalette(indices, palette, transparent) {
  const planes = [0, 1, 2].map((channel) => indices.map((index) => palette[3 * index + channel] ?? 0));
  const alpha = transparent && indices.map((index) => transparent[index] ?? 255);
  return { planes, alpha, isAlphaChannel: Boolean(alpha) };
}

/** Pillow compares the low byte of the stored value with the grey as it is shown. */
function alphaOfGrey(plane, transparent, depth) {
  const shown = depth === 1 ? (transparent[0] || transparent[1] ? 255 : 0) : transparent[1];
  return plane.map((grey) => (grey === shown ? 0 : 255));
}

function alphaOfColour([red, green, blue], transparent) {
  const [r, g, b] = [transparent[1], transparent[3], transparent[5]];
  return red.map((value, i) => (value === r && green[i] === g && blue[i] === b ? 0 : 255));
}
