// CMYK in JPEG, decoded here: a browser rounds its way to RGB otherwise, and one grey level can turn a decision.

import { times } from "./grey.js";
import { upsampled } from "./jpeg_blocks.js";
import { coefficientsOf } from "./jpeg_scans.js";

const YCCK = 2; // Adobe's number for it

/** Red, green and blue of a JPEG of four components, a byte a pixel; RangeError where it is damaged. */
export function planesOfCmyk(bytes) {
  const frame = coefficientsOf(bytes);
  const [first, second, third, light] = frame.components.map((component) => upsampled(component, frame));
  const stored = frame.transform === YCCK ? cmyOf(first, second, third) : [first, second, third];
  // Adobe stores all four inverted: what is stored is how much light is left.
  return stored.map((plane) => plane.map((value, i) => light[i] - times(255 - value, light[i])));
}

/** Stored cyan, magenta and yellow of luminance and chroma. */
function cmyOf(luminance, blue, red) {
  const planes = [0, 1, 2].map(() => new Uint8ClampedArray(luminance.length));
  for (let i = 0; i < luminance.length; i += 1) {
    const [y, cb, cr] = [luminance[i], blue[i] - 128, red[i] - 128];
    planes[0][i] = 255 - (y + ((91881 * cr + 32768) >> 16));
    planes[1][i] = 255 - (y + ((-22554 * cb - 46802 * cr + 32768) >> 16));
    planes[2][i] = 255 - (y + ((116130 * cb + 32768) >> 16));
  }
  return planes;
}
