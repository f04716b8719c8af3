/** Degradation of high-resolution maps to low-resolution ones, with holes kept apart. */

import { allValid } from "./holes.ts";
import type { Taps } from "./resample.ts";
import { cubic, filtered, KEYS, tapsOf } from "./resample.ts";
import { mappedCamera } from "./sizes.ts";
import type { Degradation, DepthMap } from "./types.ts";
import { UpscaleError } from "./types.ts";

/** The kernel's parameter of OpenCV's cubic. */
const OPENCV = -0.75;

/**
 * A smaller map by a degradation, with holes kept apart.
 *
 * Where the kernel would touch an invalid pixel, the result is the mean of the block's valid
 * pixels; where none of the block is valid, it is invalid.
 *
 * @param scale A whole factor, 2…16, of which each side is a multiple.
 * @throws UpscaleError if one isn't; `croppedTo` crops a map so.
 */
export function downsample(map: DepthMap, scale: number, degradation: Degradation): DepthMap {
  const { height, width } = map;
  if (!Number.isInteger(scale) || scale < 2 || height % scale || width % scale) {
    throw new UpscaleError(
      `the map is ${height}×${width}: each side must be a multiple of ${scale}; crop it`,
    );
  }
  const small = { height: height / scale, width: width / scale };
  const { values, valid } = degraded(map, scale, degradation, small.height, small.width);
  const s = 1 / scale;
  const first = degradation === "interval" ? 0 : (s - 1) / 2;
  const axis = { factor: s, offset: first };
  const intrinsics = map.intrinsics && mappedCamera(map.intrinsics, axis, axis);
  return { ...map, ...small, values, valid, intrinsics, error: null };
}

/** The upper left part of a map whose sides are the largest multiples of a factor. */
export function croppedTo(map: DepthMap, scale: number): DepthMap {
  const height = map.height - (map.height % scale);
  const width = map.width - (map.width % scale);
  if (!height || !width) {
    throw new UpscaleError(`the map is ${map.height}×${map.width}: too small for ${scale}`);
  }
  const values = new Float32Array(height * width);
  const valid = new Uint8Array(height * width);
  for (let row = 0; row < height; row++) {
    const from = row * map.width;
    values.set(map.values.subarray(from, from + width), row * width);
    valid.set(map.valid.subarray(from, from + width), row * width);
  }
  return { ...map, height, width, values, valid, error: null };
}

interface Pixels {
  readonly values: Float32Array;
  readonly valid: Uint8Array;
}

function degraded(
  map: DepthMap,
  scale: number,
  degradation: Degradation,
  height: number,
  width: number,
): Pixels {
  const place = (k: number, y: number, x: number) =>
    (scale * Math.floor(k / width) + y) * map.width + scale * (k % width) + x;
  const count = { length: height * width };
  if (degradation === "interval") {
    const values = Float32Array.from(count, (_, k) => map.values[place(k, 0, 0)]);
    return { values, valid: Uint8Array.from(count, (_, k) => map.valid[place(k, 0, 0)]) };
  }
  const mean = blockMeans(map, scale, height, width);
  if (degradation === "area") return mean;
  const down = downTaps(map.height, scale, degradation);
  const across = downTaps(map.width, scale, degradation);
  if (allValid(map.valid)) {
    return { values: filtered(map.values, map.width, down, across), valid: mean.valid };
  }
  const filled = map.values.map((value, k) => {
    const row = Math.floor(Math.floor(k / map.width) / scale);
    const column = Math.floor((k % map.width) / scale);
    return map.valid[k] ? value : mean.values[row * width + column];
  });
  const clean = filtered(filled, map.width, down, across);
  const values = mean.values.map((value, k) =>
    touchesHole(map, scale, k, width) ? value : clean[k],
  );
  return { values, valid: mean.valid };
}

/** The mean of each block's valid pixels; invalid and 0 where there is none. */
function blockMeans(map: DepthMap, scale: number, height: number, width: number): Pixels {
  const values = new Float32Array(height * width);
  const valid = new Uint8Array(height * width);
  for (let k = 0; k < values.length; k++) {
    let [sum, count] = [0, 0];
    for (let y = scale * Math.floor(k / width); y < scale * (Math.floor(k / width) + 1); y++) {
      for (let x = scale * (k % width); x < scale * ((k % width) + 1); x++) {
        if (!map.valid[y * map.width + x]) continue;
        sum += map.values[y * map.width + x];
        count++;
      }
    }
    valid[k] = Number(count > 0);
    values[k] = count ? sum / count : 0;
  }
  return { values, valid };
}

function downTaps(size: number, scale: number, degradation: Degradation): Taps {
  const centres = Float64Array.from({ length: size / scale }, (_, k) => (k + 0.5) * scale - 0.5);
  if (degradation === "opencv_cubic") {
    return tapsOf(centres, size, 4, (d) => cubic(d, OPENCV), "clamped");
  }
  return tapsOf(centres, size, 4 * scale + 2, (d) => cubic(d / scale, KEYS), "mirrored");
}

/** Whether a pixel within 2·scale of a block is invalid. */
function touchesHole(map: DepthMap, scale: number, k: number, width: number): boolean {
  const [top, left] = [scale * Math.floor(k / width), scale * (k % width)];
  const bottom = Math.min(top + 3 * scale, map.height);
  const right = Math.min(left + 3 * scale, map.width);
  for (let y = Math.max(top - 2 * scale, 0); y < bottom; y++) {
    for (let x = Math.max(left - 2 * scale, 0); x < right; x++) {
      if (!map.valid[y * map.width + x]) return true;
    }
  }
  return false;
}
