// From coefficients to samples, as libjpeg-turbo has it: the accurate integer inverse transform (jidctint.c) and its
// smooth upsampling (jdsample.c), to the bit.

const CLEAR = 2 ** 10; // half of what the first pass drops
const HALF = 2 ** 17; // and the second

/** The samples of one component, (columns * 8) a row; rows and columns beyond the picture are there too. */
export function samplesOf({ columns, rows, coefficients, quantization }) {
  const samples = new Uint8Array(64 * columns * rows);
  const work = new Int32Array(64);
  const stride = 8 * columns;
  for (let block = 0; block < columns * rows; block += 1) {
    for (let i = 0; i < 64; i += 1) work[i] = coefficients[64 * block + i] * quantization[i];
    for (let i = 0; i < 8; i += 1) transform(work, i, 8, CLEAR, 11);
    for (let i = 0; i < 64; i += 8) transform(work, i, 1, HALF, 18);
    const place = Math.floor(block / columns) * 8 * stride + (block % columns) * 8;
    for (let i = 0; i < 64; i += 1) {
      samples[place + (i >> 3) * stride + (i & 7)] = Math.max(0, Math.min(255, work[i] + 128));
    }
  }
  return samples;
}

/** Eight values in place, `step` apart. */
function transform(work, at, step, half, shift) {
  const value = (i) => work[at + i * step];
  const z1 = (value(2) + value(6)) * 4433;
  const [low, high] = [z1 - value(6) * 15137, z1 + value(2) * 6270];
  const [sum, difference] = [(value(0) + value(4)) * 8192, (value(0) - value(4)) * 8192];
  const even = [sum + high, difference + low, difference - low, sum - high];
  const [a, b, c, d] = [value(7), value(5), value(3), value(1)];
  const z5 = (a + c + b + d) * 9633;
  const z3 = z5 - (a + c) * 16069;
  const z4 = z5 - (b + d) * 3196;
  const [ends, middle] = [(a + d) * -7373, (b + c) * -20995];
  const odd = [d * 12299 + ends + z4, c * 25172 + middle + z3, b * 16819 + middle + z4, a * 2446 + ends + z3];
  for (let i = 0; i < 4; i += 1) {
    work[at + i * step] = (even[i] + odd[i] + half) >> shift;
    work[at + (7 - i) * step] = (even[i] - odd[i] + half) >> shift;
  }
}

/** (width * height) samples of a component at the size of the picture. */
export function upsampled(component, { width, height, h, v }) {
  const small = cropped(samplesOf(component), 8 * component.columns, component.width, component.height);
  const [across, down] = [h / component.h, v / component.v];
  const isSmooth = component.width > 2 && across <= 2 && down <= 2;
  const large = isSmooth ? smooth(small, component, across, down) : repeated(small, component, across, down);
  return cropped(large, component.width * across, width, height);
}

function repeated(small, { width, height }, across, down) {
  const large = new Uint8Array(width * across * height * down);
  const stride = width * across;
  for (let i = 0; i < large.length; i += 1) {
    large[i] = small[Math.floor(Math.floor(i / stride) / down) * width + Math.floor((i % stride) / across)];
  }
  return large;
}

/** Three parts of the nearest sample and one of the next, along either axis; fractions are dropped as libjpeg does. */
function smooth(small, { width, height }, across, down) {
  const large = new Uint8Array(width * across * height * down);
  const stride = width * across;
  for (let y = 0; y < height * down; y += 1) {
    const near = Math.floor(y / down);
    const other = Math.max(0, Math.min(height - 1, y % down ? near + 1 : near - 1));
    const sums = Int32Array.from({ length: width }, (_, x) =>
      down === 1 ? small[near * width + x] : 3 * small[near * width + x] + small[other * width + x],
    );
    const row = large.subarray(y * stride, (y + 1) * stride);
    if (across === 2) widened(row, sums, down);
    else for (let x = 0; x < width; x += 1) row[x] = down === 1 ? sums[x] : (sums[x] + (y % 2 ? 2 : 1)) >> 2;
  }
  return large;
}

/** Two samples for each sum; `down` is 2 where the sums already hold two rows. */
function widened(row, sums, down) {
  const shift = down === 1 ? 2 : 4;
  const [first, second] = down === 1 ? [1, 2] : [8, 7];
  const last = sums.length - 1;
  sums.forEach((sum, x) => {
    const [before, after] = [x ? sums[x - 1] : sum, x < last ? sums[x + 1] : sum];
    row[2 * x] = (3 * sum + before + first) >> shift;
    row[2 * x + 1] = (3 * sum + after + second) >> shift;
  });
}

function cropped(samples, stride, width, height) {
  if (stride === width) return samples.subarray(0, width * height);
  const result = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) result.set(samples.subarray(y * stride, y * stride + width), y * width);
  return result;
}
