/** Resampling of maps without holes, along rows and columns. */

import { LARGEST_FLOAT } from "./encodings.ts";

/** The kernel's parameter of MATLAB's and Pillow's cubic. */
export const KEYS = -0.5;

/** The cubic convolution kernel (Keys 1981, equation 15). */
export function cubic(x: number, a: number): number {
  const away = Math.abs(x);
  if (away <= 1) return (a + 2) * away ** 3 - (a + 3) * away ** 2 + 1;
  if (away < 2) return a * (away ** 3 - 5 * away ** 2 + 8 * away - 4);
  return 0;
}

/** From which pixels of an axis each new one is, and their weights: `taps` of each. */
export interface Taps {
  readonly taps: number;
  readonly places: Int32Array;
  readonly weights: Float64Array;
}

/**
 * Weights of a kernel around centres.
 *
 * @param border What lies beyond it: the mirrored map, or its outermost pixel again and again.
 */
export function tapsOf(
  centres: Float64Array,
  size: number,
  taps: number,
  weigh: (x: number) => number,
  border: "mirrored" | "clamped",
): Taps {
  const places = new Int32Array(taps * centres.length);
  const weights = new Float64Array(taps * centres.length);
  centres.forEach((centre, k) => {
    const left = Math.floor(centre - taps / 2 + 1);
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const index = left + tap;
      const folded = ((index % (2 * size)) + 2 * size) % (2 * size);
      const mirrored = folded < size ? folded : 2 * size - 1 - folded;
      const clamped = Math.min(Math.max(index, 0), size - 1);
      places[k * taps + tap] = border === "mirrored" ? mirrored : clamped;
      weights[k * taps + tap] = weigh(centre - index);
      sum += weights[k * taps + tap];
    }
    for (let tap = 0; tap < taps; tap++) weights[k * taps + tap] /= sum;
  });
  return { taps, places, weights };
}

/** The map at the places of both axes, in double precision. */
export function filtered(
  values: Float32Array,
  width: number,
  down: Taps,
  across: Taps,
): Float32Array {
  const columns = across.places.length / across.taps;
  const rows = down.places.length / down.taps;
  const height = values.length / width;
  const wide = new Float64Array(height * columns);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let tap = column * across.taps; tap < (column + 1) * across.taps; tap++) {
        sum += across.weights[tap] * values[row * width + across.places[tap]];
      }
      wide[row * columns + column] = sum;
    }
  }
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let tap = row * down.taps; tap < (row + 1) * down.taps; tap++) {
        sum += down.weights[tap] * wide[down.places[tap] * columns + column];
      }
      // It overshoots, if need be beyond the largest float32.
      result[row * columns + column] = Math.min(Math.max(sum, -LARGEST_FLOAT), LARGEST_FLOAT);
    }
  }
  return result;
}
