/**
 * Numbers that mean "nothing here" without saying so: what renderers and sensors write far away.
 *
 * They are recognised by how they sit in a map: one exact number, far outside of all others.
 */

import { formatted } from "../formatted.ts";
import { extremes, quantile } from "../numbers.ts";
import type { Kind } from "../types.ts";
import type { Numbers } from "./stored.ts";
import { isWhole } from "./stored.ts";

function byNumber(table: Readonly<Record<string, readonly number[]>>): Map<number, string> {
  const pairs = Object.entries(table);
  return new Map(pairs.flatMap(([whose, numbers]) => numbers.map((n) => [n, whose])));
}

/** Number → whose, as in the package: numbers that no surface has by chance. */
const CLEAR = byNumber({
  "Blender's and Kubric's background": [10000000000],
  "the largest half float: AirSim's, Unreal's and half-float EXR's background": [65504],
  "the largest 16-bit number": [65535],
  "the largest 16-bit number but one": [65534],
  "the largest float": [3.4028234663852886e38],
  "ESRI's no data": [3.3999999521443642e38, -3.3999999521443642e38],
  "the largest double": [1.7976931348623157e308],
  "netCDF's fill value": [9.969209968386869e36],
  "Surfer's blank": [1.701410009187828e38, 1.70141e38],
  "the largest 32-bit number": [2147483647],
  "the largest 32-bit number, as a float": [2147483648],
  "the largest 32-bit number without a sign": [4294967295],
  "the largest 32-bit number without a sign, as a float": [4294967296],
  "GDAL's usual no data": [-9999],
  "a usual no data": [-99999],
  "SRTM's void": [-32768],
  "a usual no data of 16 bits": [-32767],
  "ESRI's and QGIS's no data": [-3.4028234663852886e38],
  "the smallest 32-bit number": [-2147483648],
});

/** Number → whose, where many pixels have to have it, since surfaces may, too. */
const USUAL = byNumber({
  "CARLA's and Unity's far plane": [1000],
  "Depth Pro's sky": [10000],
  "a usual no data": [9999],
  "a power of ten": [
    100, 1000000, 10000000, 100000000, 1000000000, 100000000000, 99999997952, 1000000000000,
    999999995904, 10000000000000, 9999999827968, 100000000000000, 100000000376832, 1000000000000000,
    999999986991104, 1e16, 1.0000000272564224e16, 1e17, 9.999999843067494e16, 1e18,
    9.999999843067494e17, 1e19, 9.999999980506448e18, 1e20, 1.0000000200408773e20, 1e21,
    1.0000000200408773e21, 1e22, 9.999999778196308e21, 1e23, 9.999999778196308e22, 1e24,
    1.0000000138484279e24, 1e25, 9.999999562023526e24, 1e26, 1.0000000253776429e26, 1e27,
    9.999999884841548e26, 1e28, 9.99999944211969e27, 1e29, 1.0000000150474662e29, 1e30,
    1.0000000150474662e30,
  ],
  "a far plane": [100000, 20000, 50000],
  "65535 / 100, the largest 16-bit number": [655.3499755859375],
  "65535 / 256, the largest 16-bit number": [255.99609375],
  "65535 / 1000, the largest 16-bit number": [65.53500366210938],
  "65535 / 4000, the largest 16-bit number": [16.383750915527344],
  "65535 / 5000, the largest 16-bit number": [13.107000350952148],
  "65535 / 6553.5, the largest 16-bit number": [10],
  "the largest 12-bit number": [4095],
  "the largest 13-bit number": [8191],
  "the largest 14-bit number": [16383],
  "the largest 15-bit number": [32767],
});

const FAR = 3;
const SO_FAR = 1000;
const FEW = 4;
const MANY = 16;
const MANY_SHARE = 0.005;
const BLEND = 100;
const FULL = 0.95;
const BULK = 0.9;
const CODES_MAX = 4;
const SAMPLE = 1000;

/** A number of a map that means "nothing here". */
export interface Code {
  readonly number: number;
  /** Whose it is, for people. */
  readonly meaning: string;
  /** From which number on the blends of it with surfaces begin; null for none. */
  readonly beyond: number | null;
}

/** Whether a number is a code, or a blend with it. */
export function isCode(code: Code, number: number): boolean {
  return number === code.number || (code.beyond !== null && number >= code.beyond);
}

/**
 * The numbers in a map that mean "nothing here", by how they sit in it.
 *
 * @param numbers A file's numbers. 8-bit ones have no codes.
 * @param usable Which of them are finite, and not known to mean nothing.
 * @param kind What they are, if they are no code.
 */
export function findCodes(numbers: Numbers, usable: Uint8Array, kind: Kind): Code[] {
  const { values } = numbers;
  if (numbers.bytes < 2 || !usable.includes(1) || !mayHaveCodes(values, usable)) return [];
  let used = Float64Array.from(values).filter((_, k) => usable[k]);
  const full = isWhole(numbers) ? largestOf(numbers) : null;
  const codes: Code[] = [];
  while (used.length && codes.length < CODES_MAX) {
    const code = largestCode(used, full, kind) ?? leastCode(used, kind);
    if (code === null) break;
    codes.push(code);
    used = used.filter((number) => !isCode(code, number));
  }
  return codes;
}

function largestOf({ type, bytes }: Numbers): number {
  return 2 ** (8 * bytes - (type === "i" ? 1 : 0)) - 1;
}

function countOf(values: ArrayLike<number>, number: number, usable?: Uint8Array): number {
  let count = 0;
  for (let k = 0; k < values.length; k++) {
    if (values[k] === number && (!usable || usable[k])) count++;
  }
  return count;
}

function areMany(count: number, pixels: number): boolean {
  return count >= Math.max(MANY, MANY_SHARE * pixels);
}

/** Whether the least and the greatest of a map's numbers leave room for codes. */
function mayHaveCodes(values: ArrayLike<number>, usable: Uint8Array): boolean {
  const [least, greatest] = extremes(values);
  if (least < 0) {
    const count = countOf(values, least, usable);
    if (!count || count >= FEW || CLEAR.has(least)) return true;
  }
  const step = Math.max(1, Math.floor(values.length / SAMPLE));
  const sample: number[] = [];
  for (let k = 0; k < values.length; k += step) if (usable[k]) sample.push(values[k]);
  if (least >= 0 && greatest < Math.min(...USUAL.keys())) {
    const middle = sample.length
      ? quantile(
          sample.slice().sort((a, b) => a - b),
          0.5,
        )
      : 0;
    if (greatest < SO_FAR * Math.max(middle, 1e-30)) return false;
  }
  const count = countOf(values, greatest, usable);
  if (!count) return true;
  if (CLEAR.has(greatest)) return count >= FEW;
  // What isn't three times as large as all others is no code of the rest.
  const near = sample.some((n) => n < greatest && FAR * Math.abs(n) >= greatest);
  return areMany(count, countOf(usable, 1)) && !near;
}

/** The largest number, if it is a code; `full` is the largest that whole ones may be. */
function largestCode(used: Float64Array, full: number | null, kind: Kind): Code | null {
  if (full !== null && kind === "inverse_depth") return null;
  const number = extremes(used)[1];
  const count = countOf(used, number);
  const clear = CLEAR.get(number);
  if (number <= 0 || count < FEW || !(areMany(count, used.length) || clear !== undefined)) {
    return null;
  }
  const others = used.filter((n) => n < number);
  if (clear !== undefined) return clearCode(number, clear, count, used.length, others, full);
  const highest = others.reduce((most, n) => Math.max(most, Math.abs(n)), 0);
  if (!highest) return null;
  const usual = USUAL.get(number);
  if (usual !== undefined && number > FAR * highest) {
    return { number, meaning: usual, beyond: null };
  }
  if (number > SO_FAR * highest && (kind === "depth" || kind === "height")) {
    const times = formatted(number / highest, 3);
    return { number, meaning: `${times} times as large as any other number`, beyond: null };
  }
  return null;
}

function clearCode(
  number: number,
  meaning: string,
  count: number,
  pixels: number,
  others: Float64Array,
  full: number | null,
): Code | null {
  if (!others.length) return { number, meaning, beyond: null };
  const highest = extremes(others)[1];
  if (number === full && areMany(count, pixels) && highest < FULL * number) {
    return { number, meaning, beyond: null };
  }
  const bulk = Math.max(quantile(others.slice().sort(), BULK), 0);
  if (number <= FAR * bulk) return null;
  const beyond = Math.max(FAR * bulk, number / BLEND);
  return { number, meaning, beyond: highest >= beyond ? beyond : null };
}

function leastCode(used: Float64Array, kind: Kind): Code | null {
  const number = extremes(used)[0];
  if (number >= 0) return null;
  const clear = CLEAR.get(number);
  const others = used.filter((n) => n > number);
  if (!others.length) return clear === undefined ? null : { number, meaning: clear, beyond: null };
  const [lowest, highest] = extremes(others);
  if (clear !== undefined && lowest - number > Math.max(highest - lowest, Math.abs(lowest))) {
    return { number, meaning: clear, beyond: null };
  }
  if (lowest >= 0 && kind !== "height" && used.length - others.length >= FEW) {
    return { number, meaning: "the only negative number", beyond: null };
  }
  return null;
}
