// Quantiles with linear interpolation, as NumPy has them.

/** @param {ArrayLike<number>} values @param {number} share from 0 to 1 */
export function quantile(values, share) {
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

/** The same of bytes, by counting: a film has millions of them. */
export function quantileOfBytes(bytes, share) {
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte] += 1;
  const place = share * (bytes.length - 1);
  const [below, above] = [byteAt(counts, Math.floor(place)), byteAt(counts, Math.ceil(place))];
  return below + (above - below) * (place - Math.floor(place));
}

function byteAt(counts, rank) {
  let seen = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    seen += counts[byte];
    if (seen > rank) return byte;
  }
  return 255;
}
