/** Errors of a prediction against the ground truth, as the package measures them. */

import { extremes } from "./numbers.ts";
import type { DepthMap, Metrics } from "./types.ts";
import { UpscaleError } from "./types.ts";

/** Pixels within which a pixel counts as near an edge. */
const EDGE_RADIUS = 4;
/** Share of a jump's height within which a prediction counts as lying on a surface. */
const ON_A_SURFACE = Math.fround(0.2);
/** Difference of two neighbours that makes an edge, in levels. */
const EDGE_STEP = 4;

/** Thresholds of metrics, in the map's unit. */
export interface MetricOptions {
  /** What the error of a bad pixel exceeds. Default: a grey level, or a 255th of the range. */
  readonly threshold?: number;
  /** What the difference of two neighbours exceeds at an edge. Default: four of these. */
  readonly step?: number;
}

/**
 * Errors over the pixels that are valid in both maps; NaN where there are none.
 *
 * @throws UpscaleError if the sizes differ.
 */
export function metrics(pred: DepthMap, target: DepthMap, options: MetricOptions = {}): Metrics {
  const { height, width } = target;
  if (pred.height !== height || pred.width !== width) {
    throw new UpscaleError(
      `the prediction is ${pred.width}x${pred.height}, the truth ${width}x${height}`,
    );
  }
  const [least, most] = extremes(target.values, target.valid);
  const level = target.unit === "level" ? 1 : (most - least) / 255;
  const { threshold = level, step = EDGE_STEP * level } = options;
  const counted = target.valid.map((flag, k) => flag & pred.valid[k]);
  const near = nearEdges(target.values, counted, step, height, width);
  const all = tally(pred.values, target.values, counted, threshold);
  const beside = tally(pred.values, target.values, near, threshold);
  return {
    pixels: all.pixels,
    rmse: Math.sqrt(all.squares / all.pixels),
    mae: all.sizes / all.pixels,
    badPixelRate: all.bad / all.pixels,
    badPixelThreshold: threshold,
    edgeRmse: Math.sqrt(beside.squares / beside.pixels),
    flyingPixelRate:
      flyingPixels(pred.values, target.values, counted, near, height, width) / beside.pixels,
  };
}

function tally(pred: Float32Array, target: Float32Array, counted: Uint8Array, threshold: number) {
  const sums = { pixels: 0, squares: 0, sizes: 0, bad: 0 };
  for (let k = 0; k < counted.length; k++) {
    if (!counted[k]) continue;
    const size = Math.fround(Math.abs(pred[k] - target[k]));
    sums.pixels++;
    sums.squares += size ** 2;
    sums.sizes += size;
    sums.bad += Number(size > threshold);
  }
  return sums;
}

/** Which counted pixels lie within `EDGE_RADIUS` of two neighbours that differ by over `step`. */
function nearEdges(
  target: Float32Array,
  counted: Uint8Array,
  step: number,
  height: number,
  width: number,
): Uint8Array {
  const near = new Uint8Array(counted.length);
  const mark = (first: number, second: number) => {
    if (!counted[first] || !counted[second]) return;
    if (!(Math.fround(Math.abs(target[first] - target[second])) > step)) return;
    markAround(near, first, height, width);
    markAround(near, second, height, width);
  };
  for (let k = 0; k < counted.length; k++) {
    if ((k % width) + 1 < width) mark(k, k + 1);
    if (k + width < counted.length) mark(k, k + width);
  }
  return near.map((flag, k) => flag & counted[k]);
}

/** The square of `EDGE_RADIUS` around a pixel, as far as the map goes. */
function squareOf(place: number, height: number, width: number) {
  const row = Math.floor(place / width);
  const column = place % width;
  return {
    top: Math.max(row - EDGE_RADIUS, 0),
    bottom: Math.min(row + EDGE_RADIUS, height - 1),
    left: Math.max(column - EDGE_RADIUS, 0),
    right: Math.min(column + EDGE_RADIUS, width - 1),
  };
}

function markAround(near: Uint8Array, place: number, height: number, width: number): void {
  const { top, bottom, left, right } = squareOf(place, height, width);
  for (let y = top; y <= bottom; y++) near.fill(1, y * width + left, y * width + right + 1);
}

/** How many predictions near edges hang between two surfaces, on neither. */
function flyingPixels(
  pred: Float32Array,
  target: Float32Array,
  counted: Uint8Array,
  near: Uint8Array,
  height: number,
  width: number,
): number {
  let flying = 0;
  for (let k = 0; k < near.length; k++) {
    if (!near[k]) continue;
    const { top, bottom, left, right } = squareOf(k, height, width);
    let [lowest, highest, nearest] = [Infinity, -Infinity, Infinity];
    for (let y = top; y <= bottom; y++) {
      for (let at = y * width + left; at <= y * width + right; at++) {
        if (!counted[at]) continue;
        lowest = Math.min(lowest, target[at]);
        highest = Math.max(highest, target[at]);
        nearest = Math.min(nearest, Math.fround(Math.abs(target[at] - pred[k])));
      }
    }
    const margin = Math.fround(ON_A_SURFACE * Math.fround(highest - lowest));
    const above = Math.fround(pred[k] - lowest) > margin;
    if (above && Math.fround(highest - pred[k]) > margin && nearest > margin) flying++;
  }
  return flying;
}
