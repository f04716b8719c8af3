// NPY files of numbers, which NumPy writes.
import { readFileSync } from "node:fs";

const HEADER = /'descr': '<(f2|f4|u2)', 'fortran_order': False, 'shape': \(([\d, ]*)\)/;

/** Return the float16 number with some bits. */
function half(bits) {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

/**
 * Return all arrays of a file, one after the other, as { shape, whole, values }: little-endian
 * float16, float32 or uint16, which are whole. Source: NumPy's documentation of the format.
 */
export function readNpy(path) {
  const content = readFileSync(path);
  const arrays = [];
  for (let at = 0; at < content.length; ) {
    const start = at + 10 + (at + 10 <= content.length ? content.readUInt16LE(at + 8) : 0);
    const header = content.toString("latin1", at, start);
    const said = HEADER.exec(header);
    if (!header.startsWith("\x93NUMPY\x01") || !said) throw new Error(`${path} is no NPY file of float16, float32 or uint16`);
    const type = said[1];
    const shape = said[2].split(",").filter((size) => size.trim()).map(Number);
    const [count, bytes] = [shape.reduce((all, size) => all * size, 1), type === "f4" ? 4 : 2];
    at = start + bytes * count;
    if (at > content.length) throw new Error(`${path} is cut off`);
    const values = Float64Array.from({ length: count }, (_, i) => {
      const place = start + bytes * i;
      if (type === "f4") return content.readFloatLE(place);
      return type === "f2" ? half(content.readUInt16LE(place)) : content.readUInt16LE(place);
    });
    arrays.push({ shape, whole: type === "u2", values });
  }
  return arrays;
}
