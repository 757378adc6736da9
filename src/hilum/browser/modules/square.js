// The film as the square that the network sees, as in images/square.py; docs/reference/preprocessing.md, "Square".

const PRECISION_BITS = 22;
const HALF = 2 ** (PRECISION_BITS - 1);

/** (side * side) bytes of (width * height) bytes; geometry is "squash" or "pad". */
export function toSquare(pixels, width, height, side, geometry) {
  if (geometry === "squash") return resized(pixels, width, height, side, side);
  const longer = Math.max(width, height);
  const [w, h] = [width, height].map((length) =>
    Math.max(1, Math.floor((2 * length * side + longer) / (2 * longer))),
  );
  const [left, top] = [Math.floor((side - w) / 2), Math.floor((side - h) / 2)];
  const small = resized(pixels, width, height, w, h);
  const square = new Uint8Array(side * side);
  for (let y = 0; y < h; y += 1) square.set(small.subarray(y * w, (y + 1) * w), (top + y) * side + left);
  return square;
}

/** Rows first, rounded to bytes, then columns; an axis whose length stays the same is left alone. */
function resized(pixels, width, height, newWidth, newHeight) {
  let rows = pixels;
  if (newWidth !== width) {
    rows = new Uint8Array(newWidth * height);
    const weights = weightsOf(width, newWidth);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < newWidth; x += 1) {
        const { first, fixedPoint } = weights[x];
        let sum = HALF;
        for (let j = 0, from = y * width + first; j < fixedPoint.length; j += 1) sum += fixedPoint[j] * pixels[from + j];
        rows[y * newWidth + x] = sum >> PRECISION_BITS;
      }
    }
  }
  if (newHeight === height) return rows;
  return columnsResized(rows, newWidth, height, newHeight);
}

function columnsResized(rows, width, height, newHeight) {
  const square = new Uint8Array(width * newHeight);
  const weights = weightsOf(height, newHeight);
  const sums = new Int32Array(width);
  for (let y = 0; y < newHeight; y += 1) {
    const { first, fixedPoint } = weights[y];
    sums.fill(HALF);
    for (let j = 0; j < fixedPoint.length; j += 1) {
      for (let x = 0, from = (first + j) * width; x < width; x += 1) sums[x] += fixedPoint[j] * rows[from + x];
    }
    for (let x = 0; x < width; x += 1) square[y * width + x] = sums[x] >> PRECISION_BITS;
  }
  return square;
}

/** For each output sample the first input sample and the weights from there on, with 22 fractional bits. */
function weightsOf(length, newLength) {
  const scale = length / newLength;
  const reach = Math.max(scale, 1);
  const reciprocal = 1 / reach;
  return Array.from({ length: newLength }, (_, i) => {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const end = Math.min(length, Math.trunc(center + reach + 0.5));
    const weights = new Float64Array(end - first);
    let total = 0;
    for (let j = 0; j < weights.length; j += 1) {
      const x = Math.abs((j + first - center + 0.5) * reciprocal);
      weights[j] = x < 1 ? 1 - x : 0;
      total += weights[j];
    }
    return { first, fixedPoint: Int32Array.from(weights, (weight) => Math.trunc(0.5 + (weight / total) * 2 ** 22)) };
  });
}
