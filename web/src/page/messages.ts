/** What the page and its worker say to each other. */

import type {
  Degradation,
  DepthMap,
  FoundDegradation,
  Intrinsics,
  Metrics,
  Phase,
  Stereo,
  WriteFormat,
} from "../engine/index.ts";

/** What the worker can be asked for: name → what it takes and gives. */
export interface Jobs {
  /** Reads a file. */
  read: {
    takes: { name: string; bytes: Uint8Array; encoding: string | null; recognise: boolean };
    gives: Reading | Unread;
  };
  upscale: { takes: { map: DepthMap; settings: Settings }; gives: Upscaling };
  /** Downsamples a ground truth, upscales that, and measures. */
  test: { takes: { truth: DepthMap; degradation: Degradation; settings: Settings }; gives: Test };
  write: {
    takes: { map: DepthMap; format: WriteFormat; encoding: string | null };
    gives: Uint8Array;
  };
  writePoints: {
    takes: { map: DepthMap; camera: Intrinsics; stereo: Stereo | null };
    gives: Uint8Array;
  };
}

export interface Settings {
  readonly scale: number;
  readonly phase: Phase;
  readonly fill: number;
  readonly edges: "smooth" | "sharp";
  readonly errors: boolean;
}

export interface Reading {
  readonly map: DepthMap;
  /** The encodings that the file's numbers may have. */
  readonly encodings: readonly string[];
  /** How the map was downsampled; null where too few steps tell. */
  readonly found: FoundDegradation | null;
}

/** A file whose numbers make no map in the encoding given or guessed. */
export interface Unread {
  /** Why not, in a line. */
  readonly refused: string;
  readonly encodings: readonly string[];
}

export interface Upscaling {
  readonly map: DepthMap;
  readonly bicubic: DepthMap;
  /** Pixels of the result that lie in holes that were filled. */
  readonly filledPixels: number;
  /** Of upscaling, without loading the network. */
  readonly seconds: number;
}

export interface Test extends Upscaling {
  readonly input: DepthMap;
  /** The ground truth, cropped to a multiple of the factor. */
  readonly truth: DepthMap;
  readonly metrics: { readonly bicubic: Metrics; readonly ours: Metrics };
}

export type JobName = keyof Jobs;

/** From the page. */
export type Request =
  | { readonly files: Readonly<Record<string, string>> }
  | { readonly [J in JobName]: { id: number; job: J; takes: Jobs[J]["takes"] } }[JobName];

/** From the worker. */
export type Reply =
  | { readonly id: number; readonly gives: Jobs[JobName]["gives"] }
  | { readonly id: number; readonly progress: number }
  | { readonly id: number; readonly error: string; readonly known: boolean };
