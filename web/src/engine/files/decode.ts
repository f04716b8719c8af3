/** The numbers in a depth file → the values of a map, by an encoding. */

import type { Encoding } from "../encodings.ts";
import { findEncoding, LARGEST_FLOAT } from "../encodings.ts";
import { formatted } from "../formatted.ts";
import { extremes } from "../numbers.ts";
import type { DepthMap, Intrinsics } from "../types.ts";
import { DepthFileError } from "../types.ts";
import type { Numbers, Stored } from "./stored.ts";
import { usableOf } from "./usable.ts";

/** Losses that are a larger share of a map's range are worth a line. */
const FINEST = 1e-6;

/**
 * The map that numbers in a file mean.
 *
 * @throws DepthFileError if they are not a depth map.
 */
export function decoded(
  name: string,
  stored: Stored,
  encoding: string,
  recognise: boolean,
): DepthMap {
  const { height, width } = stored;
  const meaning = findEncoding(encoding);
  const usable = usableOf(stored, meaning, recognise);
  const { exact, camera, note } = alongAxis(valuesOf(stored.numbers, meaning), meaning, stored);
  const notes = [...stored.notes, ...usable.notes, ...note];
  const values = new Float32Array(exact.length);
  const { valid } = usable;
  let beyond = 0;
  for (let k = 0; k < values.length; k++) {
    values[k] = valid[k] ? exact[k] : 0;
    if (Number.isFinite(values[k])) continue;
    beyond += Number(Number.isFinite(exact[k]));
    valid[k] = 0;
    values[k] = 0;
  }
  checkValues(name, values, valid, meaning);
  if (exact instanceof Float64Array) notes.push(...coarseLines(exact, values, valid, beyond));
  return {
    values,
    valid,
    height,
    width,
    kind: meaning.kind,
    unit: meaning.unit,
    encoding,
    marker: usable.marker,
    floats: stored.numbers.type === "f",
    intrinsics: camera,
    error: null,
    notes,
  };
}

/** Values as depth along the optical axis, with the camera that is assumed if they were not. */
function alongAxis(
  values: Float32Array | Float64Array,
  { rayFocal }: Encoding,
  { height, width }: Stored,
): { exact: Float32Array | Float64Array; camera: Intrinsics | null; note: string[] } {
  if (rayFocal === null) return { exact: values, camera: null, note: [] };
  const camera = cameraOfRays(rayFocal, height, width);
  const lengths = rayLengths(camera, height, width);
  const exact = Float64Array.from(values, (value, k) => value / lengths[k]);
  const focal = camera.fx.toFixed(2);
  const note = `turned from distances along the ray with a focal length of ${focal} px, centred`;
  return { exact, camera, note: [note] };
}

/** Numbers as values of a map, rounded as they are in the package. */
function valuesOf(numbers: Numbers, encoding: Encoding): Float32Array | Float64Array {
  const { perUnit, offset, rotated } = encoding;
  const { values, type, bytes } = numbers;
  if (rotated && type === "u" && bytes === 2) {
    const native = Uint16Array.from(values, (n) => rotatedLeft(n, 16 - rotated));
    return Float32Array.from(native, (n) => (n - offset) / perUnit);
  }
  if (type !== "f" && bytes <= 2 && !offset) return Float32Array.from(values, (n) => n / perUnit);
  if (type !== "f" || bytes !== 4) return Float64Array.from(values, (n) => (n - offset) / perUnit);
  const step = Math.fround(perUnit);
  return Float32Array.from(values, (n) => Math.fround(n - Math.fround(offset)) / step);
}

/** A number of 16 bits with its bits rotated to the left. */
export function rotatedLeft(number: number, bits: number): number {
  return ((number << bits) | (number >> (16 - bits))) & 0xffff;
}

/** The camera of distances along the ray: centred, its focal length in widths of the picture. */
export function cameraOfRays(focal: number, height: number, width: number): Intrinsics {
  const f = focal * width;
  return { fx: f, fy: f, cx: (width - 1) / 2, cy: (height - 1) / 2 };
}

/** How far along its ray each pixel's point of depth 1 lies. */
export function rayLengths(camera: Intrinsics, height: number, width: number): Float64Array {
  return Float64Array.from({ length: height * width }, (_, k) => {
    const x = ((k % width) - camera.cx) / camera.fx;
    const y = (Math.floor(k / width) - camera.cy) / camera.fy;
    return Math.sqrt(1 + x ** 2 + y ** 2);
  });
}

function checkValues(
  name: string,
  values: Float32Array,
  valid: Uint8Array,
  { kind }: Encoding,
): void {
  if (!valid.includes(1)) {
    throw new DepthFileError(`${name}: no pixel of the map is valid: there is nothing to go by`);
  }
  if (kind !== "depth") return;
  const negative = values.filter((value) => value < 0).length;
  if (!negative) return;
  const advice =
    negative === values.length
      ? "if z points away from what is seen, as in OpenGL and VTK, give -z"
      : "mark them invalid";
  throw new DepthFileError(
    `${name}: ${negative} pixels are negative, which a depth can't be: ${advice}, or give ` +
      "another encoding (disparity, inverse, height)",
  );
}

/** What float32, in which maps are kept, loses of values with more digits, a line each. */
function coarseLines(
  exact: Float64Array,
  values: Float32Array,
  valid: Uint8Array,
  beyond: number,
): string[] {
  const lines: string[] = [];
  if (beyond) {
    lines.push(
      `${beyond.toLocaleString("en-US")} values are beyond ±${formatted(LARGEST_FLOAT, 2)}, the ` +
        "largest that maps keep: taken for holes",
    );
  }
  const [least, most] = extremes(exact, valid);
  const step = 2 ** (Math.floor(Math.log2(Math.fround(Math.max(-least, most)))) - 23);
  const lost = exact.reduce(
    (worst, value, k) => (valid[k] ? Math.max(worst, Math.abs(values[k] - value)) : worst),
    0,
  );
  if (lost > FINEST * (most - least)) {
    lines.push(
      `values of ${formatted(least, 9)} to ${formatted(most, 9)} are kept in steps of up to ` +
        `${formatted(step, 2)}, which changes them by up to ${formatted(lost, 2)}: subtract what ` +
        "they have in common first",
    );
  }
  return lines;
}
