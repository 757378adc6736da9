// Grey values from 0, black, to 255, white, as in images/grey.py and docs/reference/preprocessing.md, "Grey".

/** a * b / 255, rounded, of two bytes. */
export function times(a, b) {
  const t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}

/**
 * @param picture {planes, alpha, deep, mode}: one plane of grey or three of colour; `deep` holds 16-bit grey instead
 * @returns {{pixels: Uint8Array, notes: string[]}}
 */
export function toGrey(picture) {
  if (picture.deep) return stretched(picture.deep, picture.hasTransparentValue);
  const { planes, alpha } = picture;
  const pixels = planes.length === 1 ? planes[0] : luminance(planes);
  if (!alpha) return { pixels, notes: [] };
  return { pixels: pixels.map((grey, i) => times(grey, alpha[i])), notes: ["Transparent parts were drawn over black."] };
}

function luminance([red, green, blue]) {
  const grey = new Uint8Array(red.length);
  for (let i = 0; i < grey.length; i += 1) {
    grey[i] = (red[i] * 19595 + green[i] * 38470 + blue[i] * 7471 + 32768) >> 16;
  }
  return grey;
}

/** Smallest value to 0 and largest to 255, because without a window nothing better is known. */
function stretched(values, hasTransparentValue) {
  let [lowest, highest] = [values[0], values[0]];
  for (const value of values) {
    if (value < lowest) lowest = value;
    else if (value > highest) highest = value;
  }
  const pixels = new Uint8Array(values.length);
  const span = highest - lowest;
  if (span) for (let i = 0; i < pixels.length; i += 1) pixels[i] = Math.floor(((values[i] - lowest) * 255) / span + 0.5);
  const note = span
    ? `Values from ${lowest} to ${highest} were stretched to 0 to 255.`
    : `Every pixel has the value ${lowest}, drawn as black.`;
  return { pixels, notes: [note, ...(hasTransparentValue ? ["The transparent grey value was ignored."] : [])] };
}
