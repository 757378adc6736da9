// A picture turned as its EXIF orientation says; docs/reference/preprocessing.md, "Upright".

/** Where the upright pixel (x, y) lies in the stored picture of w columns and h rows. */
const STORED_AT = {
  2: (x, y, w) => y * w + (w - 1 - x),
  3: (x, y, w, h) => (h - 1 - y) * w + (w - 1 - x),
  4: (x, y, w, h) => (h - 1 - y) * w + x,
  5: (x, y, w) => x * w + y,
  6: (x, y, w, h) => (h - 1 - x) * w + y,
  7: (x, y, w, h) => (h - 1 - x) * w + (w - 1 - y),
  8: (x, y, w) => x * w + (w - 1 - y),
};

/** {pixels, width, height} upright; for 5 to 8 width and height change places. */
export function upright(pixels, width, height, orientation) {
  const storedAt = STORED_AT[orientation];
  if (!storedAt) return { pixels, width, height };
  const [columns, rows] = orientation > 4 ? [height, width] : [width, height];
  const turned = new Uint8Array(pixels.length);
  for (let y = 0, to = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1, to += 1) turned[to] = pixels[storedAt(x, y, width, height)];
  }
  return { pixels: turned, width: columns, height: rows };
}
