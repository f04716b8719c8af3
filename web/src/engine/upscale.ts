/** The upscaler: a depth map in, a larger one out. */

import { enlarged } from "./enlarge.ts";
import { enlargeValid, withFilledHoles } from "./holes.ts";
import type { Network } from "./network.ts";
import type { Rows } from "./rows.ts";
import { sharpen } from "./sharpen.ts";
import { shrink } from "./shrink.ts";
import type { Goal } from "./sizes.ts";
import { axisOf, goalOf, isExact, mappedCamera } from "./sizes.ts";
import type { DepthMap, Running, Upscaled, UpscaleOptions } from "./types.ts";
import { UpscaleError } from "./types.ts";

/** Pixels that a result, and what the network computes for it, may have at the most. */
export const MOST_PIXELS = 2 ** 26;

/**
 * Upscale a depth map, as `dsdmsr upscale` does.
 *
 * @throws UpscaleError if no pixel is valid, an option is out of range, or the result is too large;
 *   the signal's reason, if it is aborted.
 */
export async function upscale(
  network: Network,
  map: DepthMap,
  options: UpscaleOptions,
  running: Running = {},
): Promise<Upscaled> {
  const { fill = 0, tile = "auto", edges = "smooth", errors = false } = options;
  const { height, width } = map;
  const goal = goalOf(options, height, width);
  checkOptions(fill, tile);
  checkLimit(goal, height, width);
  const kept = fill ? withFilledHoles(map.valid, height, width, fill) : map.valid;
  await network.prepare(goal.factor, errors);
  let rows: AsyncIterable<Rows> = enlarged(network, map, {
    ...running,
    scale: goal.factor,
    kept,
    tile,
    errors,
  });
  if (edges === "sharp") rows = sharpen(rows, goal.factor * height);
  if (!isExact(goal, height, width)) rows = shrink(rows, height, width, goal);
  const result = await collected(rows, goal, errors);
  const filled = fill ? await filledPixels(map, result.valid, goal) : null;
  return { map: larger(map, goal, result), filled };
}

function checkOptions(fill: number, tile: number | "auto"): void {
  if (!Number.isInteger(fill) || fill < 0) {
    throw new UpscaleError(`fill is ${fill}: give 0, or the pixels of the largest hole to fill`);
  }
  if (tile !== "auto" && !(Number.isInteger(tile) && tile >= 1)) {
    throw new UpscaleError(`tile is ${tile}: give auto, or 1 or more low-resolution pixels`);
  }
}

/**
 * Check that a result is not too large for a page.
 *
 * @throws UpscaleError if it is.
 */
export function checkLimit(goal: Goal, height: number, width: number): void {
  const pixels = goal.height * goal.width;
  if (pixels <= MOST_PIXELS) return;
  throw new UpscaleError(
    `${width}x${height} becomes ${goal.width}x${goal.height}, ${pixels / 1e6} megapixels: here ` +
      `are allowed ${Math.floor(MOST_PIXELS / 1e6)}; use the command dsdmsr upscale`,
  );
}

interface Arrays {
  readonly values: Float32Array;
  readonly valid: Uint8Array;
  readonly error: Float32Array | null;
}

async function collected(rows: AsyncIterable<Rows>, goal: Goal, errors: boolean): Promise<Arrays> {
  const size = goal.height * goal.width;
  const values = new Float32Array(size);
  const valid = new Uint8Array(size);
  const error = errors ? new Float32Array(size) : null;
  for await (const band of rows) {
    const start = band.top * band.width;
    values.set(band.values, start);
    valid.set(band.valid, start);
    if (error && band.error) error.set(band.error, start);
  }
  return { values, valid, error };
}

/** The result as a map, with all that the low-resolution one is. */
function larger(map: DepthMap, goal: Goal, { values, valid, error }: Arrays): DepthMap {
  for (let k = 0; k < valid.length; k++) {
    if (valid[k]) continue;
    values[k] = 0;
    if (error) error[k] = NaN;
  }
  const x = axisOf(map.width, goal.width, goal.phase);
  const y = axisOf(map.height, goal.height, goal.phase);
  return {
    ...map,
    values,
    valid,
    height: goal.height,
    width: goal.width,
    intrinsics: map.intrinsics && mappedCamera(map.intrinsics, x, y),
    error,
  };
}

/** What is valid of the larger map, from what is valid of the low-resolution one. */
export async function sizedValid(
  valid: Uint8Array,
  height: number,
  width: number,
  goal: Goal,
): Promise<Uint8Array> {
  if (isExact(goal, height, width)) return enlargeValid(valid, height, width, goal.factor);
  const rows = shrink(validRows(valid, height, width, goal.factor), height, width, goal);
  return (await collected(rows, goal, false)).valid;
}

async function* validRows(
  valid: Uint8Array,
  height: number,
  width: number,
  scale: number,
): AsyncGenerator<Rows> {
  const step = Math.max(1, Math.floor(256 / scale));
  for (let top = 0; top < height; top += step) {
    const bottom = Math.min(top + step, height);
    const part = enlargeValid(valid, height, width, scale, top, bottom);
    const values = new Float32Array(part.length);
    yield { values, valid: part, error: null, top: scale * top, width: scale * width };
  }
}

/** Which pixels are valid since a hole was filled. */
async function filledPixels(map: DepthMap, withThem: Uint8Array, goal: Goal): Promise<Uint8Array> {
  const without = await sizedValid(map.valid, map.height, map.width, goal);
  return withThem.map((flag, k) => flag & (1 - without[k]));
}
