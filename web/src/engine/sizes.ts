/** The size of results, the factor that the network serves for it, and where pixels come to lie. */

import { formatted } from "./formatted.ts";
import type { Intrinsics, Phase, UpscaleOptions } from "./types.ts";
import { UpscaleError } from "./types.ts";

/** Factors that the network serves. */
export const SCALES: readonly number[] = [2, 4, 8, 16];
const MOST = 16;
const PHASES: readonly Phase[] = ["centre", "corner", "aligned"];

/** The size that a map becomes. */
export interface Goal {
  /** The factor by which the network enlarges it. */
  readonly factor: number;
  readonly height: number;
  readonly width: number;
  readonly phase: Phase;
}

/** Pixel coordinates of one axis → those of a larger map: `x' = factor·x + offset`. */
export interface Axis {
  readonly factor: number;
  readonly offset: number;
}

/** The map of an axis of `pixels` to one of `larger`. */
export function axisOf(pixels: number, larger: number, phase: Phase): Axis {
  const factor = larger / pixels;
  if (phase === "corner") return { factor, offset: 0 };
  if (phase === "aligned" && pixels > 1) {
    return { factor: (larger - 1) / (pixels - 1), offset: 0 };
  }
  return { factor, offset: (factor - 1) / 2 };
}

/** The camera of a map whose columns and rows lie at `x` and `y` of this one's. */
export function mappedCamera(camera: Intrinsics, x: Axis, y: Axis): Intrinsics {
  return {
    fx: x.factor * camera.fx,
    fy: y.factor * camera.fy,
    cx: x.factor * camera.cx + x.offset,
    cy: y.factor * camera.cy + y.offset,
  };
}

/**
 * The size that a map of `height` × `width` pixels becomes.
 *
 * @throws UpscaleError if not exactly one of scale and size is given, or it is out of range.
 */
export function goalOf(
  options: Pick<UpscaleOptions, "scale" | "size" | "phase">,
  height: number,
  width: number,
): Goal {
  const { scale, size, phase = "centre" } = options;
  if (!PHASES.includes(phase)) {
    throw new UpscaleError(`phase is "${String(phase)}": allowed are ${PHASES.join(", ")}`);
  }
  if ((scale === undefined) === (size === undefined)) {
    throw new UpscaleError("give a scale or a size, one of them");
  }
  if (scale !== undefined) checkScale(scale);
  const rows = size === undefined ? scale! * height : size.height;
  const columns = size === undefined ? scale! * width : size.width;
  const inside =
    height <= rows && rows <= MOST * height && width <= columns && columns <= MOST * width;
  const whole = Number.isInteger(rows) && Number.isInteger(columns);
  if (!whole || !inside || (rows === height && columns === width)) {
    throw new UpscaleError(
      `size is ${columns}x${rows} for a map of ${width}x${height}: allowed is what is ` +
        `larger, up to ${MOST * width}x${MOST * height}`,
    );
  }
  const factor = SCALES.find((each) => each * height >= rows && each * width >= columns)!;
  return { factor, height: rows, width: columns, phase };
}

function checkScale(scale: number): void {
  if (Number.isInteger(scale) && 2 <= scale && scale <= MOST) return;
  const between = 1 < scale && scale < MOST ? "; a size reaches what is between" : "";
  throw new UpscaleError(
    `scale is ${scale}: allowed are whole numbers from 2 to ${MOST}${between}`,
  );
}

/** Whether the network alone makes a map of `height` × `width` pixels so large. */
export function isExact(goal: Goal, height: number, width: number): boolean {
  const asLarge = goal.factor * height === goal.height && goal.factor * width === goal.width;
  return asLarge && goal.phase === "centre";
}

/** What to say where the size asked for is of another shape than the map, by a pixel or more. */
export function stretchLine(goal: Goal, height: number, width: number): string | null {
  const { height: rows, width: columns } = goal;
  const high = Math.abs(rows - (columns * height) / width);
  const wide = Math.abs(columns - (rows * width) / height);
  if (high < 1 || wide < 1) return null;
  const [x, y] = [columns / width, rows / height].map((factor) => formatted(factor, 3));
  return (
    `${columns}x${rows} is of another shape than ${width}x${height}: stretched by ` +
    `${x} along x and ${y} along y`
  );
}
