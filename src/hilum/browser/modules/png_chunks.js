// The chunks of a PNG file: header, palette, transparency, EXIF, XMP, and the parts of the packed picture.

import { holds, onePicture } from "./content.js";
import { damaged } from "./errors.js";

const TEXT_AT_MOST = 2 ** 20;

/** {header, data, palette, transparent, exif, xmp}; `data` are the packed parts in order. */
export async function chunksOf(bytes, shown) {
  const found = { header: null, data: [], palette: null, transparent: null, exif: null, xmp: "", frames: 1, raw: "" };
  for (let at = 8; at + 8 <= bytes.length; ) {
    const chunk = chunkAt(bytes, at, found, shown);
    if (chunk.name === "IEND") break;
    await learn(found, chunk, shown);
    at = chunk.end;
  }
  if (!found.header) throw damaged(shown, "PNG", "it has no header");
  if (found.frames > 1) throw onePicture(shown, "PNG");
  found.exif ??= ofRawProfile(found.raw);
  return found;
}

function chunkAt(bytes, at, found, shown) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(at);
  const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
  const end = at + 12 + length;
  const isAfterPicture = found.data.length > 0 && name !== "IDAT";
  if (!/^\w{4}$/.test(name)) throw damaged(shown, "PNG", "broken PNG file");
  if (end > bytes.length) {
    if (isAfterPicture) return { name: "IEND", data: bytes.subarray(0, 0), end }; // an end without pixels may be missing
    throw damaged(shown, "PNG", "image file is truncated");
  }
  if (!isAfterPicture && crcOf(bytes.subarray(at + 4, end - 4)) !== view.getUint32(end - 4)) {
    throw damaged(shown, "PNG", `broken PNG file (bad header checksum in ${name})`);
  }
  return { name, data: bytes.subarray(at + 8, end - 4), end };
}

async function learn(found, { name, data }, shown) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (name === "IHDR") found.header = headerOf(view, shown);
  else if (name === "IDAT") found.data.push(data);
  else if (name === "PLTE") found.palette = data;
  else if (name === "tRNS") found.transparent = data;
  else if (name === "eXIf") found.exif = data;
  else if (name === "acTL" && data.length >= 8) found.frames = view.getUint32(0);
  else if (name === "iTXt" || name === "zTXt" || name === "tEXt") await learnText(found, name, data);
}

function headerOf(view, shown) {
  if (view.byteLength < 13) throw damaged(shown, "PNG", "Truncated IHDR chunk");
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  if (!width || !height) throw damaged(shown, "PNG", "its picture has no pixels");
  if (view.getUint8(11)) throw damaged(shown, "PNG", "unknown filter category");
  return { width, height, depth: view.getUint8(8), colour: view.getUint8(9), isInterlaced: view.getUint8(12) > 0 };
}

async function learnText(found, name, data) {
  if (name === "iTXt" && holds(data, "XML:com.adobe.xmp\0")) {
    const isPacked = data[18] === 1;
    const text = data.subarray(data.indexOf(0, data.indexOf(0, 20) + 1) + 1); // behind language and translated name
    found.xmp = new TextDecoder().decode(isPacked ? await unpacked(text) : text);
  } else if (name !== "iTXt" && holds(data, "Raw profile type exif\0")) {
    found.raw = new TextDecoder("latin1").decode(name === "zTXt" ? await unpacked(data.subarray(23)) : data.subarray(22));
  }
}

/** EXIF as hexadecimal text, as older programs wrote it. */
function ofRawProfile(text) {
  const digits = text.split("\n").slice(3).join("").replace(/\s/g, "");
  return digits ? Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16)) : null;
}

async function unpacked(data) {
  try {
    const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream("deflate"));
    const content = new Uint8Array(await new Response(stream).arrayBuffer());
    return content.subarray(0, TEXT_AT_MOST);
  } catch {
    return new Uint8Array(0);
  }
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function crcOf(bytes) {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i += 1) crc = CRC_TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
