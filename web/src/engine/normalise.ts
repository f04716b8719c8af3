/** Normalisation of maps as networks take them: no holes, range 0…1. */

import type { ValueScale } from "./gaps.ts";
import { APART, valueScale } from "./gaps.ts";
import { fillNearest } from "./holes.ts";
import { extremes } from "./numbers.ts";
import { lonePixels } from "./outliers.ts";
import type { DepthMap } from "./types.ts";
import type { Planes } from "./window.ts";

/** A normalised map, and the way back to its unit. */
export interface Normalised {
  readonly lrDepth: Planes;
  /** Least value of the map. */
  readonly low: number;
  /** Greatest value of the map. */
  readonly high: number;
  /** What its values became shares by, if its range is wide beside its surfaces. */
  readonly scale: ValueScale | null;
  /** Which of its pixels stand alone, and were filled as holes are; null if none does. */
  readonly lone: Uint8Array | null;
}

/** Normalise a map for a network. */
export function normalise(map: DepthMap): Normalised {
  const { values, valid, height, width } = map;
  let filled = fillNearest(values, valid, height, width);
  let { low, high, shares } = sharesOf(filled);
  let scale = valueScale(filled, shares, APART);
  let lone: Uint8Array | null = null;
  if (scale !== null) {
    const first = scale;
    const apart = Float64Array.from(filled, (value) => first.toShare(value));
    lone = lonePixels(apart, valid, height, width);
    if (lone !== null) {
      const others = valid.map((flag, k) => (lone![k] ? 0 : flag));
      filled = fillNearest(values, others, height, width);
      ({ low, high, shares } = sharesOf(filled));
    }
    scale = valueScale(filled, shares);
  }
  if (scale !== null) {
    const last = scale;
    shares = Float32Array.from(filled, (value) => last.toShare(value));
  }
  return { lrDepth: { data: shares, channels: 1, height, width }, low, high, scale, lone };
}

/** A map's least and greatest value, and where each value is between them, 0…1. */
function sharesOf(filled: Float32Array): { low: number; high: number; shares: Float32Array } {
  const [low, high] = extremes(filled);
  const span = high - low || 1;
  const shares = new Float32Array(filled.length);
  for (let k = 0; k < shares.length; k++) shares[k] = (filled[k] - low) / span;
  return { low, high, shares };
}

/** A network's prediction in the map's unit. */
export function inUnit(lr: Normalised, pred: number): number {
  return lr.scale === null ? pred * (lr.high - lr.low) + lr.low : lr.scale.toValue(pred);
}

/** The error that is expected of a prediction, in the map's unit. */
export function errorInUnit(lr: Normalised, error: number, pred: number): number {
  if (lr.scale === null) return error * Math.fround(lr.high - lr.low);
  const [above, below] = [Math.fround(pred + error), Math.fround(pred - error)];
  return (lr.scale.toValue(above) - lr.scale.toValue(below)) / 2;
}
