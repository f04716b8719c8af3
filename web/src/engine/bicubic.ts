/** Bicubic interpolation of maps, with holes as `upscale` has them. */

import { fillNearest } from "./holes.ts";
import { cubic, filtered, KEYS, tapsOf } from "./resample.ts";
import type { Axis } from "./sizes.ts";
import { axisOf, goalOf, mappedCamera } from "./sizes.ts";
import type { DepthMap, UpscaleOptions } from "./types.ts";
import { checkLimit, sizedValid } from "./upscale.ts";

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
