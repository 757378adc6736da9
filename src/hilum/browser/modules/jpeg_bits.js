// The bits of a JPEG's scan, without the zeros that stand behind each 255.

/** A reader from `start` on. */
export function bitsOf(bytes, start) {
  let at = start;
  let held = 0; // of the byte that is being read
  let count = 0; // bits of it that are left

  function bit() {
    if (!count) {
      if (at >= bytes.length || (bytes[at] === 0xff && bytes[at + 1] !== 0)) {
        throw new RangeError("image file is truncated");
      }
      held = bytes[at];
      at += held === 0xff ? 2 : 1;
      count = 8;
    }
    count -= 1;
    return (held >> count) & 1;
  }

  function bits(length) {
    let value = 0;
    for (let i = 0; i < length; i += 1) value = (value << 1) | bit();
    return value;
  }

  /** A number of so many bits: those that begin with 0 are negative. */
  function signed(length) {
    if (!length) return 0;
    const value = bits(length);
    return value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
  }

  function symbol({ limit, first, values }) {
    for (let length = 1, code = 0; length <= 16; length += 1) {
      code = (code << 1) | bit();
      if (code < limit[length]) return values[first[length] + code];
    }
    throw new RangeError("broken data stream");
  }

  function restart() {
    count = 0;
    if (bytes[at] !== 0xff || (bytes[at + 1] & 0xf8) !== 0xd0) throw new RangeError("broken data stream");
    at += 2;
  }

  return { bit, bits, signed, symbol, restart, end: () => at };
}
