// The coefficients of a JPEG of any number of components, sequential or progressive, coded by Huffman.
// Written after ITU-T T.81; browsers decode all kinds but CMYK to the bit, which is what this is for.

import { holds } from "./content.js";
import { bitsOf } from "./jpeg_bits.js";

const ZIGZAG = Uint8Array.from([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55,
  62, 63,
]);
const [SOF0, SOF1, SOF2, DHT, EOI, SOS, DQT, DRI, APP14] = [0xc0, 0xc1, 0xc2, 0xc4, 0xd9, 0xda, 0xdb, 0xdd, 0xee];

/** {width, height, components, transform}; a component has {h, v, columns, rows, quantization, coefficients}. */
export function coefficientsOf(bytes) {
  const state = { frame: null, tables: { dc: [], ac: [] }, quantization: [], restart: 0, transform: 0 };
  let at = 2;
  for (;;) {
    while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at += 1;
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff) throw new RangeError("a marker is missing");
    if (marker === EOI) break;
    const end = at + 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
    const segment = bytes.subarray(at + 4, end);
    at = marker === SOS ? scan(state, segment, bytes, end) : end;
    if (marker !== SOS) learn(state, marker, segment);
    if (at + 1 >= bytes.length) throw new RangeError("image file is truncated");
  }
  if (!state.frame) throw new RangeError("it has no picture");
  if (state.frame.components.some(({ missing }) => missing.some(Boolean))) throw new RangeError("a part of it is missing");
  return { ...state.frame, transform: state.transform };
}

function learn(state, marker, segment) {
  if (marker === DQT) readQuantization(state, segment);
  else if (marker === DHT) readHuffman(state.tables, segment);
  else if (marker === DRI) state.restart = (segment[0] << 8) | segment[1];
  else if (marker === APP14 && holds(segment, "Adobe") && segment.length >= 12) state.transform = segment[11];
  else if (marker === SOF0 || marker === SOF1 || marker === SOF2) state.frame = frameOf(segment, marker === SOF2);
  else if (marker > SOF2 && marker < 0xd0 && marker !== 0xc8 && marker !== 0xcc) throw new RangeError("of a rare kind");
}

function readQuantization(state, segment) {
  for (let at = 0; at < segment.length; ) {
    const [isWide, number] = [segment[at] >> 4, segment[at] & 15];
    const table = new Uint16Array(64);
    at += 1;
    for (let i = 0; i < 64; i += 1, at += isWide ? 2 : 1) {
      table[ZIGZAG[i]] = isWide ? (segment[at] << 8) | segment[at + 1] : segment[at];
    }
    state.quantization[number] = table;
  }
}

/** A code of n bits belongs to the values from `first[n]` on where it is below `limit[n]`. */
function readHuffman(tables, segment) {
  for (let at = 0; at < segment.length; ) {
    const [kind, number] = [segment[at] >> 4 ? "ac" : "dc", segment[at] & 15];
    const counts = segment.subarray(at + 1, at + 17);
    const table = { limit: new Int32Array(17), first: new Int32Array(17), values: null };
    let [code, seen] = [0, 0];
    for (let length = 1; length <= 16; length += 1) {
      table.first[length] = seen - code;
      code += counts[length - 1];
      seen += counts[length - 1];
      if (code > 1 << length) throw new RangeError("broken table");
      table.limit[length] = code;
      code <<= 1;
    }
    table.values = segment.slice(at + 17, at + 17 + seen);
    const isOdd = table.values.length !== seen || (kind === "dc" && table.values.some((size) => size > 15));
    if (seen > 256 || isOdd) throw new RangeError("broken table");
    tables[kind][number] = table;
    at += 17 + seen;
  }
}

function frameOf(segment, isProgressive) {
  const [height, width] = [(segment[1] << 8) | segment[2], (segment[3] << 8) | segment[4]];
  const components = Array.from({ length: segment[5] }, (_, i) => {
    const [id, sampling, table] = segment.subarray(6 + 3 * i, 9 + 3 * i);
    return { id, h: sampling >> 4, v: sampling & 15, table };
  });
  const [h, v] = [Math.max(...components.map((one) => one.h)), Math.max(...components.map((one) => one.v))];
  const [across, down] = [Math.ceil(width / (8 * h)), Math.ceil(height / (8 * v))];
  for (const one of components) {
    one.width = Math.ceil((width * one.h) / h);
    one.height = Math.ceil((height * one.v) / v);
    [one.columns, one.rows] = [across * one.h, down * one.v]; // in blocks, whole units of all components
    one.missing = new Array(10).fill(true); // where the first coefficients are not whole, libjpeg would smooth the picture
    one.coefficients = new Int16Array(64 * one.columns * one.rows);
  }
  return { width, height, h, v, across, down, components, isProgressive };
}

/** Decodes one scan; gives back where the next marker stands. */
function scan(state, segment, bytes, start) {
  const { frame, tables } = state;
  const parts = Array.from({ length: segment[0] }, (_, i) => {
    const part = frame.components.find(({ id }) => id === segment[1 + 2 * i]);
    part.quantization ??= state.quantization[part.table];
    return { part, dc: tables.dc[segment[2 + 2 * i] >> 4], ac: tables.ac[segment[2 + 2 * i] & 15], last: 0 };
  });
  const [from, to, bits] = segment.subarray(1 + 2 * segment[0]);
  const run = { from, to, low: bits & 15, left: 0 };
  if (!run.low) for (const { part } of parts) part.missing.fill(false, from, to + 1);
  const decode = decoderOf(frame.isProgressive, from, bits >> 4);
  const reader = bitsOf(bytes, start);
  let units = 0;
  for (const [one, block] of blocksOf(frame, parts)) {
    if (block < 0) {
      if (state.restart && units && units % state.restart === 0) {
        reader.restart();
        run.left = 0;
        for (const other of parts) other.last = 0;
      }
      units += 1;
    } else decode(reader, one, one.part.coefficients.subarray(64 * block, 64 * block + 64), run);
  }
  return reader.end();
}

/** Each block of a scan in its order, with its component; before each unit one with the number -1. */
function* blocksOf(frame, parts) {
  if (parts.length === 1) {
    const [{ part }] = parts;
    const [columns, rows] = [Math.ceil(part.width / 8), Math.ceil(part.height / 8)];
    for (let i = 0; i < columns * rows; i += 1) {
      yield [null, -1];
      yield [parts[0], Math.floor(i / columns) * part.columns + (i % columns)];
    }
    return;
  }
  for (let unit = 0; unit < frame.across * frame.down; unit += 1) {
    yield [null, -1];
    for (const one of parts) {
      const { h, v, columns } = one.part;
      const [left, top] = [(unit % frame.across) * h, Math.floor(unit / frame.across) * v];
      for (let i = 0; i < h * v; i += 1) yield [one, (top + Math.floor(i / h)) * columns + left + (i % h)];
    }
  }
}

function decoderOf(isProgressive, from, high) {
  if (!isProgressive) return whole;
  if (from === 0) return high ? lowerBitOfMean : mean;
  return high ? lowerBits : detail;
}

function whole(reader, one, block) {
  one.last += reader.signed(reader.symbol(one.dc));
  block[0] = one.last;
  for (let k = 1; k < 64; k += 1) {
    const [skip, size] = skipAndSize(reader.symbol(one.ac));
    if (!size && skip < 15) return;
    k += skip;
    if (size) block[placeOf(k)] = reader.signed(size);
  }
}

function mean(reader, one, block, { low }) {
  one.last += reader.signed(reader.symbol(one.dc));
  block[0] = one.last << low;
}

function lowerBitOfMean(reader, one, block, { low }) {
  if (reader.bit()) block[0] |= 1 << low;
}

function detail(reader, one, block, run) {
  if (run.left) {
    run.left -= 1;
    return;
  }
  for (let k = run.from; k <= run.to; k += 1) {
    const [skip, size] = skipAndSize(reader.symbol(one.ac));
    if (!size && skip < 15) {
      run.left = (1 << skip) - 1 + reader.bits(skip);
      return;
    }
    k += skip;
    if (size) block[placeOf(k, run.to)] = reader.signed(size) * (1 << run.low);
  }
}

function lowerBits(reader, one, block, run) {
  const step = 1 << run.low;
  const refine = (place) => {
    if (reader.bit() && !(block[place] & step)) block[place] += block[place] >= 0 ? step : -step;
  };
  let k = run.from;
  for (; !run.left && k <= run.to; k += 1) {
    const [skip, size] = skipAndSize(reader.symbol(one.ac));
    if (!size && skip < 15) {
      run.left = (1 << skip) + reader.bits(skip);
      break;
    }
    const value = size ? (reader.bit() ? step : -step) : 0;
    for (let zeros = skip; k <= run.to; k += 1) {
      if (block[ZIGZAG[k]]) refine(ZIGZAG[k]);
      else if (zeros) zeros -= 1;
      else break;
    }
    if (value) block[placeOf(k, run.to)] = value;
  }
  if (!run.left) return;
  for (; k <= run.to; k += 1) if (block[ZIGZAG[k]]) refine(ZIGZAG[k]);
  run.left -= 1;
}

/** A place among those of the scan; what is coded beyond them is damage. */
function placeOf(k, last = 63) {
  if (k > last) throw new RangeError("broken data stream");
  return ZIGZAG[k];
}

function skipAndSize(symbol) {
  return [symbol >> 4, symbol & 15];
}
