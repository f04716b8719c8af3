/** Where pixels of a low-resolution map and of a larger one lie in each other, and what follows from that. */

import { axisOf, type DepthMap, type Phase } from "../engine/index.ts";

/** A pixel. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Returns the pixel of an axis of `pixels` that holds pixel `at` of the axis of `larger`. */
export function sourceOf(at: number, pixels: number, larger: number, phase: Phase): number {
  const { factor, offset } = axisOf(pixels, larger, phase);
  return Math.min(pixels - 1, Math.max(0, Math.round((at - offset) / factor)));
}

/** Returns a map of the size of a larger one, each pixel that of `sourceOf`: nearest neighbour. */
export function repeated(map: DepthMap, height: number, width: number, phase: Phase): DepthMap {
  const values = new Float32Array(height * width);
  const valid = new Uint8Array(height * width);
  const columns = Array.from({ length: width }, (_, x) => sourceOf(x, map.width, width, phase));
  for (let y = 0; y < height; y++) {
    const row = sourceOf(y, map.height, height, phase) * map.width;
    for (let x = 0; x < width; x++) {
      values[y * width + x] = map.values[row + columns[x]];
      valid[y * width + x] = map.valid[row + columns[x]];
    }
  }
  return { ...map, values, valid, height, width, error: null };
}

/** Returns a map of absolute differences; invalid where one of both is. */
export function differences(map: DepthMap, truth: DepthMap): DepthMap {
  const values = new Float32Array(map.values.length);
  const valid = new Uint8Array(map.values.length);
  for (let i = 0; i < values.length; i++) {
    if (!map.valid[i] || !truth.valid[i]) continue;
    valid[i] = 1;
    values[i] = Math.abs(map.values[i] - truth.values[i]);
  }
  return { ...map, values, valid, error: null };
}

/** Returns the pixels along a line, both ends included. */
export function pixelsAlong(start: Place, end: Place): Place[] {
  const steps = Math.max(Math.abs(end.x - start.x), Math.abs(end.y - start.y), 1);
  return Array.from({ length: steps + 1 }, (_, i) => ({
    x: Math.round(start.x + ((end.x - start.x) * i) / steps),
    y: Math.round(start.y + ((end.y - start.y) * i) / steps),
  }));
}
