// The graph's map laid over its film, as attribution/places.py and runtime/mapping.py lay it.

const FOR = [230, 97, 1];
const AGAINST = [64, 132, 214];

/**
 * The map as RGBA of the film's shape: the more opaque the stronger, clear where there is no evidence.
 *
 * @param map {values, rows, columns} @param facts {side, geometry, map_places}
 * @returns {Uint8ClampedArray}
 */
export function overlay(map, facts, width, height) {
  const { side, geometry } = facts;
  const square = placed(map, facts.map_places, side);
  const limit = square.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const longer = geometry === "pad" ? Math.max(width, height) : 0;
  const left = longer ? ((1 - width / longer) / 2) * side : 0;
  const top = longer ? ((1 - height / longer) / 2) * side : 0;
  const box = { left, top, right: side - left, bottom: side - top };
  const values = bicubic({ values: square, rows: side, columns: side }, width, height, box);
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < values.length; i += 1) {
    const strength = Math.max(-1, Math.min(1, values[i] / limit));
    rgba.set(strength > 0 ? FOR : AGAINST, 4 * i);
    rgba[4 * i + 3] = Math.round(255 * Math.abs(strength));
  }
  return rgba;
}

/** (side * side) evidence, each place of the map where it looks; the outermost values reach beyond them. */
export function placed(map, places, side) {
  const whole = { left: 0, top: 0, right: map.columns, bottom: map.rows };
  if (map.rows === side && map.columns === side) return map.values;
  if (!places) return bicubic(map, side, side, whole);
  const [start, end] = [0, side].map((edge) => (edge - places.first_px) / places.step_px + 0.5);
  const beyond = Math.ceil(Math.max(0, -start, end - Math.min(map.rows, map.columns)));
  const box = { left: start + beyond, top: start + beyond, right: end + beyond, bottom: end + beyond };
  return bicubic(widened(map, beyond), side, side, box);
}

function widened({ values, rows, columns }, beyond) {
  const [newRows, newColumns] = [rows + 2 * beyond, columns + 2 * beyond];
  const within = (place, length) => Math.min(length - 1, Math.max(0, place - beyond));
  const wide = new Float32Array(newRows * newColumns);
  for (let i = 0; i < wide.length; i += 1) {
    const [row, column] = [Math.floor(i / newColumns), i % newColumns];
    wide[i] = values[within(row, rows) * columns + within(column, columns)];
  }
  return { values: wide, rows: newRows, columns: newColumns };
}

/** Pillow's bicubic resize of a box: along the rows first, then along the columns. */
function bicubic({ values, rows, columns }, width, height, box) {
  const across = weightsOf(columns, box.left, box.right, width);
  const down = weightsOf(rows, box.top, box.bottom, height);
  const narrow = new Float32Array(rows * width);
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < width; x += 1) narrow[y * width + x] = weighted(values, y * columns, 1, across[x]);
  }
  const result = new Float32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) result[y * width + x] = weighted(narrow, x, width, down[y]);
  }
  return result;
}

function weighted(values, offset, step, { first, weights }) {
  let sum = 0;
  for (let j = 0; j < weights.length; j += 1) sum += weights[j] * values[offset + (first + j) * step];
  return sum;
}

function weightsOf(length, from, to, newLength) {
  const scale = (to - from) / newLength;
  const filterScale = Math.max(scale, 1);
  const reach = 2 * filterScale;
  return Array.from({ length: newLength }, (_, i) => {
    const center = from + (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const end = Math.min(length, Math.trunc(center + reach + 0.5));
    const weights = Array.from({ length: end - first }, (__, j) => cubic((j + first - center + 0.5) / filterScale));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return { first, weights: weights.map((weight) => weight / total) };
  });
}

/** The cubic filter with a = -0.5. */
function cubic(distance) {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}
