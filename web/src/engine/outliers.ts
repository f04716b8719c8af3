/** Pixels of which no more is known than their value: lone ones, and those of flat ends. */

import { extremes } from "./numbers.ts";

const APART = 0.1;
const AROUND_MIN = 3;
const MOST = 0.05;
const END_SHARE = 0.01;
const RIM = 0.1;

/** The places around a pixel that lie in the map. */
function around(place: number, height: number, width: number): number[] {
  const row = Math.floor(place / width);
  const column = place % width;
  const found: number[] = [];
  for (let y = Math.max(row - 1, 0); y <= Math.min(row + 1, height - 1); y++) {
    for (let x = Math.max(column - 1, 0); x <= Math.min(column + 1, width - 1); x++) {
      if (y !== row || x !== column) found.push(y * width + x);
    }
  }
  return found;
}

/**
 * Which pixels differ by a tenth or more from each of the eight around them, as wrong pixels of
 * depth cameras do; null if none does, or more than a twentieth.
 *
 * @param shares The map's values in 0…1.
 */
export function lonePixels(
  shares: Float64Array,
  valid: Uint8Array,
  height: number,
  width: number,
): Uint8Array | null {
  const lone = new Uint8Array(valid.length);
  let count = 0;
  let usable = 0;
  for (let place = 0; place < valid.length; place++) {
    if (!valid[place]) continue;
    usable++;
    const beside = around(place, height, width).filter((k) => valid[k]);
    const apart = beside.every((k) => !(Math.abs(shares[place] - shares[k]) < APART));
    if (apart && beside.length >= AROUND_MIN) {
      lone[place] = 1;
      count++;
    }
  }
  return count && count <= MOST * usable ? lone : null;
}

/**
 * Which pixels have a map's least or greatest value, as all eight around them do; null for none.
 *
 * The sea of an elevation model, a clipped background, the sky: they stay exactly flat.
 */
export function flatEnds(
  values: Float32Array,
  valid: Uint8Array,
  height: number,
  width: number,
): Uint8Array | null {
  const flat = new Uint8Array(valid.length);
  for (const end of new Set(extremes(values, valid))) {
    const here = valid.map((flag, place) => Number(flag === 1 && values[place] === end));
    const count = here.reduce((sum, one) => sum + one);
    if (count >= END_SHARE * values.length) markFlat(flat, here, valid, height, width);
  }
  return flat.includes(1) ? flat : null;
}

/** Mark valid pixels that are `here` as all around them are; invalid ones count as alike. */
function markFlat(
  flat: Uint8Array,
  here: Uint8Array,
  valid: Uint8Array,
  height: number,
  width: number,
): void {
  const alike = (k: number) => here[k] === 1 || valid[k] === 0;
  for (let row = 0, place = 0; row < height; row++) {
    const [top, bottom] = [Math.max(row - 1, 0), Math.min(row + 1, height - 1)];
    for (let column = 0; column < width; column++, place++) {
      if (here[place] === 0) continue;
      const [left, right] = [Math.max(column - 1, 0), Math.min(column + 1, width - 1)];
      let all = true;
      for (let y = top; y <= bottom && all; y++) {
        for (let x = left; x <= right && all; x++) all = alike(y * width + x);
      }
      if (all) flat[place] = 1;
    }
  }
}

/**
 * How far from a flat end, at its rim, a prediction may be and is the end all the same: a tenth of
 * the least step to another value beside each pixel of a rim; 0 for all others.
 */
export function flatRims(
  values: Float32Array,
  valid: Uint8Array,
  flat: Uint8Array,
  height: number,
  width: number,
): Float32Array {
  const limits = new Float32Array(valid.length);
  for (let place = 0; place < valid.length; place++) {
    if (!valid[place] || flat[place]) continue;
    let joined = false;
    let step = Infinity;
    for (const beside of around(place, height, width)) {
      if (flat[beside] && values[beside] === values[place]) joined = true;
      if (valid[beside] && values[beside] !== values[place]) {
        step = Math.min(step, Math.fround(Math.abs(values[beside] - values[place])));
      }
    }
    if (joined && Number.isFinite(step)) limits[place] = RIM * step;
  }
  return limits;
}
