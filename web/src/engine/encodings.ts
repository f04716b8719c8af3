/** The table of encodings: what the numbers in a depth file mean. */

import type { Kind, Unit } from "./types.ts";
import { DepthFileError } from "./types.ts";

/** How the numbers of a file become values of a map: `(number - offset) / perUnit`. */
export interface Encoding {
  /** One line for people. */
  readonly meaning: string;
  readonly perUnit: number;
  readonly offset: number;
  readonly kind: Kind;
  readonly unit: Unit;
  /** The number that means "nothing here". NaN and infinity always do. */
  readonly invalid: number;
  /** Whether 0 is a value; otherwise it always means "nothing here" among whole numbers. */
  readonly zeroIsValue: boolean;
  /** The largest whole number; null for floats. */
  readonly largest: number | null;
  /** By how many bits to the left the 16 bits of a number are rotated in the file. */
  readonly rotated: number;
  /** For distances along the ray, the focal length in widths of the picture; else null. */
  readonly rayFocal: number | null;
}

/** By what share of a map's range upscaled values may lie outside of it at most. */
export const BEYOND = 0.1;
/** The greatest number that a file of floats holds. */
export const LARGEST_FLOAT = 3.4028234663852886e38;

function encoding(meaning: string, more: Partial<Encoding> = {}): Encoding {
  return {
    meaning,
    perUnit: 1,
    offset: 0,
    kind: "depth",
    unit: null,
    invalid: 0,
    zeroIsValue: false,
    largest: null,
    rotated: 0,
    rayFocal: null,
    ...more,
  };
}

/** Name → encoding, as in the package. */
export const ENCODINGS: Readonly<Record<string, Encoding>> = {
  mm: encoding("16-bit, 1000 per metre, 0 = no depth (ScanNet, RealSense, Azure Kinect, NYU)", {
    perUnit: 1000,
    unit: "m",
    largest: 65535,
  }),
  tum: encoding("16-bit, 5000 per metre, 0 = no depth (TUM RGB-D)", {
    perUnit: 5000,
    unit: "m",
    largest: 65535,
  }),
  kitti: encoding("16-bit, 256 per metre, 0 = no depth (KITTI)", {
    perUnit: 256,
    unit: "m",
    largest: 65535,
  }),
  vkitti2: encoding("16-bit, 100 per metre, 65535 = sky (Virtual KITTI 2)", {
    perUnit: 100,
    unit: "m",
    invalid: 65535,
    largest: 65534,
  }),
  sunrgbd: encoding("16-bit, 1000 per metre, bits rotated by 3, 0 = no depth (SUN RGB-D)", {
    perUnit: 1000,
    unit: "m",
    largest: 65535,
    rotated: 3,
  }),
  dtu16: encoding("16-bit, 50 per millimetre, 0 = no depth (what `dsdmsr prepare dtu` writes)", {
    perUnit: 50000,
    unit: "m",
    largest: 65535,
  }),
  levels: encoding("8-bit grey levels of disparity, 0 = unknown (Middlebury 2001-2006)", {
    kind: "disparity",
    unit: "level",
    largest: 255,
  }),
  levels16: encoding("16-bit levels of disparity, 0 = unknown", {
    kind: "disparity",
    unit: "level",
    largest: 65535,
  }),
  float: encoding("float depth in a unit that the file doesn't say, 0 = no depth"),
  metres: encoding("float depth in metres, 0 = no depth", { unit: "m" }),
  dtu: encoding("float depth, 1000 per metre, 0 = no depth (DTU)", { perUnit: 1000, unit: "m" }),
  hypersim: encoding("float distance along the ray in metres, NaN = no surface (Hypersim)", {
    unit: "m",
    invalid: NaN,
    zeroIsValue: true,
    rayFocal: 886.81 / 1024,
  }),
  disparity: encoding("float disparity in pixels, infinity = unknown (Middlebury 2014)", {
    kind: "disparity",
    unit: "px",
    invalid: Infinity,
  }),
  disparity16: encoding("16-bit, 256 per pixel of disparity, 0 = unknown (KITTI stereo)", {
    perUnit: 256,
    kind: "disparity",
    unit: "px",
    largest: 65535,
  }),
  cityscapes: encoding("16-bit disparity in pixels, (number - 1) / 256, 0 = unknown (Cityscapes)", {
    perUnit: 256,
    offset: 1,
    kind: "disparity",
    unit: "px",
    largest: 65535,
  }),
  relative: encoding("8-bit relative inverse depth, 0 = farthest (Depth Anything, MiDaS)", {
    kind: "inverse_depth",
    invalid: NaN,
    zeroIsValue: true,
    largest: 255,
  }),
  relative16: encoding("16-bit relative inverse depth, 0 = farthest (Depth Anything, MiDaS)", {
    kind: "inverse_depth",
    invalid: NaN,
    zeroIsValue: true,
    largest: 65535,
  }),
  height: encoding("height above a datum in metres, below 0, too (elevation models)", {
    kind: "height",
    unit: "m",
    invalid: NaN,
  }),
  inverse: encoding(
    "float inverse depth, per metre or relative, NaN = unknown (MiDaS and the like)",
    {
      kind: "inverse_depth",
      invalid: NaN,
    },
  ),
};

/**
 * The encoding called `name`.
 *
 * @throws DepthFileError if there is none.
 */
export function findEncoding(name: string): Encoding {
  if (!Object.hasOwn(ENCODINGS, name)) {
    const allowed = Object.keys(ENCODINGS).join(", ");
    throw new DepthFileError(`encoding "${name}" is unknown: allowed are ${allowed}`);
  }
  return ENCODINGS[name];
}

/** Bytes of a whole number in a file of an encoding; null for floats. */
export function bytesOf({ largest }: Encoding): 1 | 2 | null {
  if (largest === null) return null;
  return largest < 256 ? 1 : 2;
}

/** The smallest whole number that is a value. */
export function smallestOf({ zeroIsValue }: Encoding): number {
  return zeroIsValue ? 0 : 1;
}

/** The least and the greatest value that can be written and read back as valid. */
export function valueRange(name: string): [number, number] {
  const meaning = findEncoding(name);
  const { largest, perUnit, offset, kind } = meaning;
  if (largest === null) return [kind === "depth" ? 0 : -LARGEST_FLOAT, LARGEST_FLOAT / perUnit];
  return [(smallestOf(meaning) - offset) / perUnit, (largest - offset) / perUnit];
}
