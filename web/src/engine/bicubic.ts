/** Bicubic interpolation of maps, with holes as `upscale` has them; and their downsampling. */

import { allValid, fillNearest } from "./holes.ts";
import { LARGEST_FLOAT } from "./encodings.ts";
import type { Axis } from "./sizes.ts";
import { axisOf, goalOf, mappedCamera } from "./sizes.ts";
import type { Degradation, DepthMap, UpscaleOptions } from "./types.ts";
import { UpscaleError } from "./types.ts";
import { checkLimit, sizedValid } from "./upscale.ts";

/** The cubic convolution kernel (Keys 1981, equation 15). */
function cubic(x: number, a: number): number {
  const away = Math.abs(x);
  if (away <= 1) return (a + 2) * away ** 3 - (a + 3) * away ** 2 + 1;
  if (away < 2) return a * (away ** 3 - 5 * away ** 2 + 8 * away - 4);
  return 0;
}

const KEYS = -0.5;
const OPENCV = -0.75;

/** From which pixels of an axis each new one is, and their weights: `taps` of each. */
interface Taps {
  readonly taps: number;
  readonly places: Int32Array;
  readonly weights: Float64Array;
}

/** Weights of a kernel around centres; beyond the border lies the mirrored map. */
function tapsOf(
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
function filtered(values: Float32Array, width: number, down: Taps, across: Taps): Float32Array {
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

/**
 * A larger map by bicubic convolution, as MATLAB's `imresize` interpolates; valid as `upscale`'s.
 *
 * Holes are filled with their nearest valid values first, so that none takes part.
 *
 * @throws UpscaleError if the size is out of range, or no pixel is valid.
 */
export async function bicubic(
  map: DepthMap,
  options: Pick<UpscaleOptions, "scale" | "size" | "phase">,
): Promise<DepthMap> {
  const { height, width } = map;
  const goal = goalOf(options, height, width);
  checkLimit(goal, height, width);
  const filled = fillNearest(map.values, map.valid, height, width);
  const x = axisOf(width, goal.width, goal.phase);
  const y = axisOf(height, goal.height, goal.phase);
  const taps = (along: Axis, count: number, size: number) => {
    const centres = Float64Array.from(
      { length: count },
      (_, k) => (k - along.offset) / along.factor,
    );
    return tapsOf(centres, size, 4, (d) => cubic(d, KEYS), "mirrored");
  };
  const values = filtered(filled, width, taps(y, goal.height, height), taps(x, goal.width, width));
  const valid = await sizedValid(map.valid, height, width, goal);
  return {
    ...map,
    values: values.map((value, k) => (valid[k] ? value : 0)),
    valid,
    height: goal.height,
    width: goal.width,
    intrinsics: map.intrinsics && mappedCamera(map.intrinsics, x, y),
    error: null,
  };
}

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
  const place = (k: number) => Math.floor(k / width) * map.width + (k % width);
  const values = Float32Array.from({ length: height * width }, (_, k) => map.values[place(k)]);
  const valid = Uint8Array.from({ length: height * width }, (_, k) => map.valid[place(k)]);
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
