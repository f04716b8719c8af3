/** What the engine takes and gives: depth maps, options, progress, errors. */

/** What the numbers of a map are. */
export type Kind = "depth" | "disparity" | "inverse_depth" | "height";
/** Metres, pixels, grey levels; null where the unit is not known. */
export type Unit = "m" | "px" | "level" | null;
/** Where the pixels of a low-resolution map sit among those of the larger one. */
export type Phase = "centre" | "corner" | "aligned";
/** How a low-resolution map comes from a high-resolution one. */
export type Degradation = "bicubic" | "area" | "interval" | "opencv_cubic";
/** What a map's steps may say about its degradation. */
export type StepSource = "bicubic" | "area" | "opencv_cubic" | "samples" | "other";

/** A pinhole camera, in pixels; pixel centres lie at whole numbers. */
export interface Intrinsics {
  readonly fx: number;
  readonly fy: number;
  readonly cx: number;
  readonly cy: number;
}

/** Two cameras: `Z = baseline·focal / (d + doffs)`; pixels, but metres for the baseline. */
export interface Stereo {
  readonly focal: number;
  readonly baseline: number;
  readonly doffs: number;
}

/** A depth map: values never travel without their validity, kind and unit. */
export interface DepthMap {
  /** Row by row, height·width; 0 under invalid pixels. */
  readonly values: Float32Array;
  /** 1 where a pixel can be used, else 0. */
  readonly valid: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly kind: Kind;
  readonly unit: Unit;
  /** The name of the file encoding that the values came in; null for none. */
  readonly encoding: string | null;
  /** The number that stood for "nothing here" in the file; null: the encoding's. */
  readonly marker: number | null;
  /** Whether the file held floats, so that a format that can hold both gets floats again. */
  readonly floats: boolean;
  readonly intrinsics: Intrinsics | null;
  /** The absolute error that is expected of each value, NaN in holes; null: not known. */
  readonly error: Float32Array | null;
  /** What was assumed when the file was read, a line each. */
  readonly notes: readonly string[];
}

/** How a map is upscaled. Give `scale` or `size`. */
export interface UpscaleOptions {
  /** The factor, a whole number from 2 to 16. */
  readonly scale?: number;
  /** Instead of it, the size of the result. */
  readonly size?: { readonly height: number; readonly width: number };
  /** Default: centre. */
  readonly phase?: Phase;
  /** Side of a tile in low-resolution pixels. Default: auto. */
  readonly tile?: number | "auto";
  /** Fill holes of up to this many low-resolution pixels. Default: 0. */
  readonly fill?: number;
  /** sharp: put pixels between two surfaces on the nearer one. Default: smooth. */
  readonly edges?: "smooth" | "sharp";
  /** Whether the expected errors are wanted. Default: no. */
  readonly errors?: boolean;
}

/** How a long computation says where it is, and is stopped. */
export interface Running {
  /** Called with the share that is done, 0…1. */
  readonly onProgress?: (share: number) => void;
  /** Stops it between two tiles, with the signal's reason (an AbortError). */
  readonly signal?: AbortSignal;
}

/** What a map's steps say about its degradation. */
export interface FoundDegradation {
  /** The likeliest, if it is likely enough; else null. */
  readonly name: StepSource | null;
  /** Of the likeliest. */
  readonly probability: number;
  readonly probabilities: Readonly<Record<StepSource, number>>;
  /** How many isolated steps there are. */
  readonly steps: number;
}

/** A map that was upscaled. */
export interface Upscaled {
  /** The larger map; its `error` is there if errors were asked for. */
  readonly map: DepthMap;
  /** 1 where a hole was filled. Null if `fill` is 0. */
  readonly filled: Uint8Array | null;
}

/** Errors of a prediction over the pixels that are valid in both maps. */
export interface Metrics {
  /** Pixels compared. */
  readonly pixels: number;
  readonly rmse: number;
  readonly mae: number;
  /** Share of pixels whose error is above the threshold. */
  readonly badPixelRate: number;
  readonly badPixelThreshold: number;
  /** RMSE beside the target's depth discontinuities. */
  readonly edgeRmse: number;
  /** Share of the pixels beside discontinuities that lie between the two surfaces. */
  readonly flyingPixelRate: number;
}

/** A file that cannot be read, or a map that cannot be written, in one line for people. */
export class DepthFileError extends Error {
  override readonly name = "DepthFileError";
}

/** Options or a map that upscaling cannot work with, in one line for people. */
export class UpscaleError extends Error {
  override readonly name = "UpscaleError";
}
