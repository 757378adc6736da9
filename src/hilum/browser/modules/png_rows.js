// Rows of a PNG picture from its unpacked stream: filters undone, interlaced passes put in their places.

// First column and row, and the steps between them, of the seven passes of Adam7.
const PASSES = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/**
 * A reader that takes the stream in parts of any size.
 *
 * @param header {width, height, isInterlaced}
 * @param {number} pixelBytes bytes a pixel; a fraction below 8 bits
 * @param write (row, pixels, at, step): one row, unfiltered; pixel i belongs at place `at + i * step` of the picture
 */
export function rowReader({ width, height, isInterlaced }, pixelBytes, write) {
  const distance = Math.max(1, pixelBytes);
  const rows = rowsOf(width, height, isInterlaced, pixelBytes);
  let place = rows.next().value;
  let current = null; // filter byte and row as they come
  let filled = 0;
  let above = null;

  function finish() {
    above = place.isFirst ? new Uint8Array(place.bytes) : above;
    const row = current.subarray(1);
    undo(current[0], row, above, distance);
    write(row, place.pixels, place.at, place.step);
    above = row;
    place = rows.next().value;
    current = null;
  }

  function take(part) {
    for (let at = 0; at < part.length; ) {
      if (!place) throw new RangeError("it holds more rows than it says");
      current ??= new Uint8Array(place.bytes + 1);
      const count = Math.min(part.length - at, current.length - filled);
      current.set(part.subarray(at, at + count), filled);
      [at, filled] = [at + count, filled + count];
      if (filled === current.length) {
        finish();
        filled = 0;
      }
    }
  }

  return { take, isDone: () => !place };
}

function* rowsOf(width, height, isInterlaced, pixelBytes) {
  for (const [left, top, across, down] of isInterlaced ? PASSES : [[0, 0, 1, 1]]) {
    const pixels = Math.ceil((width - left) / across);
    if (pixels <= 0) continue;
    for (let y = top; y < height; y += down) {
      const bytes = Math.ceil(pixels * pixelBytes);
      yield { pixels, bytes, at: y * width + left, step: across, isFirst: y === top };
    }
  }
}

/** Undo one filter in place. */
function undo(filter, row, above, distance) {
  if (filter > 4) throw new RangeError(`unknown filter ${filter}`);
  if (filter === 0) return;
  for (let i = 0; i < row.length; i += 1) {
    const left = i >= distance ? row[i - distance] : 0;
    if (filter === 1) row[i] += left;
    else if (filter === 2) row[i] += above[i];
    else if (filter === 3) row[i] += (left + above[i]) >> 1;
    else row[i] += nearest(left, above[i], i >= distance ? above[i - distance] : 0);
  }
}

/** Paeth's predictor: whichever of left, above and above left is nearest to left + above - above left. */
function nearest(left, above, corner) {
  const toLeft = Math.abs(above - corner);
  const toAbove = Math.abs(left - corner);
  const toCorner = Math.abs(left + above - 2 * corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
