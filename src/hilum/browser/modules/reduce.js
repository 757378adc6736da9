// Pillow's Image.reduce: the mean of blocks of factor x factor pixels, in its own fixed-point arithmetic.

/** {pixels, width, height}; blocks at the right and lower edge may be smaller. Factor 1 gives the pixels themselves. */
export function reduced(pixels, width, height, factor) {
  if (factor <= 1) return { pixels, width, height };
  const [columns, rows] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const small = new Uint8Array(columns * rows);
  for (let y = 0; y < rows; y += 1) {
    const bottom = Math.min(height, (y + 1) * factor);
    for (let x = 0; x < columns; x += 1) {
      const right = Math.min(width, (x + 1) * factor);
      const [left, top] = [x * factor, y * factor];
      let sum = 0;
      for (let row = top; row < bottom; row += 1) {
        for (let at = row * width + left; at < row * width + right; at += 1) sum += pixels[at];
      }
      small[y * columns + x] = mean(sum, (right - left) * (bottom - top));
    }
  }
  return { pixels: small, width: columns, height: rows };
}

/** sum / count by a 32-bit multiplier, which Pillow takes from a division in single precision. */
function mean(sum, count) {
  const multiplier = Math.trunc(Math.fround(2 ** 32 / Math.fround(256 * count)));
  return Math.imul(sum + (count >> 1), multiplier) >>> 24;
}
