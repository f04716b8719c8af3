/** The reading of depth files. */

import type { DepthMap } from "../types.ts";
import { DepthFileError } from "../types.ts";
import { decoded } from "./decode.ts";
import { checkedEncoding, encodingsOf, guessEncoding } from "./guess.ts";
import { readPfm, readPgm } from "./netpbm.ts";
import { readNpy } from "./npy.ts";
import { readPng } from "./png.ts";
import type { Numbers, Source, Stored } from "./stored.ts";
import { ENCODINGS, findEncoding } from "../encodings.ts";

interface Format {
  readonly read: (source: Source) => Stored;
  /** Whether it holds whole numbers alone. */
  readonly whole: boolean;
}

const FORMATS: Readonly<Record<string, Format>> = {
  ".png": { read: readPng, whole: true },
  ".pgm": { read: readPgm, whole: true },
  ".pfm": { read: readPfm, whole: false },
  ".npy": { read: readNpy, whole: false },
};
/** The endings of files that can be read. */
export const READ_SUFFIXES: readonly string[] = Object.keys(FORMATS);
/** What the command reads, and this page does not. */
const COMMAND_ALONE =
  ".npz .tif .tiff .exr .bin .dmap .dpt .h5 .hdf5 .mat .nc .zarr .jpg .jpeg .heic".split(" ");
/** Bytes that a file may have. */
export const MOST_BYTES = 2 ** 28;
/** Pixels that a map may have. */
export const MOST_INPUT_PIXELS = 2 ** 24;
/** Floats among which all have to be; as whole numbers, their bits are all above 950 million. */
const BITS_OF_FLOATS = [1e-4, 1e5];

/** How a file is read. */
export interface ReadOptions {
  /** What its numbers mean. Default: a guess. */
  readonly encoding?: string | null;
  /** Whether codes of renderers and sensors for "nothing here" are recognised. Default: yes. */
  readonly recognise?: boolean;
  /** Pixels that the map may have. Default: `MOST_INPUT_PIXELS`. */
  readonly maxPixels?: number;
}

/**
 * Read a depth file, as `dsdmsr` does.
 *
 * @param name Its name, whose ending tells the format.
 * @param bytes Its content.
 * @throws DepthFileError if it is damaged, too large, or no depth file.
 */
export function readDepth(name: string, bytes: Uint8Array, options: ReadOptions = {}): DepthMap {
  const { encoding = null, recognise = true, maxPixels = MOST_INPUT_PIXELS } = options;
  if (encoding !== null) findEncoding(encoding);
  const stored = readStored({ name, bytes, maxPixels });
  const { whole } = FORMATS[suffixOf(name)];
  const chosen =
    encoding === null
      ? guessEncoding(stored)
      : checkedEncoding(name, encoding, stored.numbers, whole);
  const map = decoded(name, stored, chosen, recognise);
  if (encoding !== null) return map;
  return { ...map, notes: [`read as ${chosen}: ${ENCODINGS[chosen].meaning}`, ...map.notes] };
}

/** The names of encodings that a file's numbers can have; errors as for `readDepth`. */
export function encodingsFor(name: string, bytes: Uint8Array): string[] {
  const { numbers } = readStored({ name, bytes, maxPixels: MOST_INPUT_PIXELS });
  return FORMATS[suffixOf(name)].whole ? encodingsOf(numbers.bytes) : Object.keys(ENCODINGS);
}

function suffixOf(name: string): string {
  return /\.[^./\\]*$/.exec(name)?.[0].toLowerCase() ?? "";
}

function readStored(source: Source): Stored {
  const { name, bytes } = source;
  const suffix = suffixOf(name);
  const format = Object.hasOwn(FORMATS, suffix) ? FORMATS[suffix] : undefined;
  if (format === undefined) {
    const command = COMMAND_ALONE.includes(suffix) ? "; the command dsdmsr upscale reads it" : "";
    throw new DepthFileError(
      `${name} ends in ${suffix || "no suffix"}: allowed are ${READ_SUFFIXES.join(", ")}${command}`,
    );
  }
  if (bytes.length > MOST_BYTES) {
    throw new DepthFileError(
      `${name} has ${Math.ceil(bytes.length / 2 ** 20)} MiB: here are allowed ` +
        `${MOST_BYTES / 2 ** 20}; use the command dsdmsr upscale`,
    );
  }
  try {
    const stored = format.read(source);
    return { ...stored, ...withFloats(stored) };
  } catch (error) {
    if (error instanceof DepthFileError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    const summary = said.split(/\s+/).join(" ");
    throw new DepthFileError(`${name} is damaged, or not what it seems to be: ${summary}`);
  }
}

/** 32-bit whole numbers whose bits are floats, as pyrealsense2 2.59 gives disparity, as these. */
function withFloats({ numbers, notes }: Stored): { numbers: Numbers; notes: readonly string[] } {
  if (numbers.type !== "u" || numbers.bytes !== 4) return { numbers, notes };
  const floats = new Float32Array(Uint32Array.from(numbers.values).buffer);
  const known = floats.filter((_, k) => numbers.values[k] !== 0);
  const [least, most] = BITS_OF_FLOATS;
  if (!known.length || !known.every((n) => n >= least && n <= most)) return { numbers, notes };
  return {
    numbers: { values: floats, type: "f", bytes: 4 },
    notes: [...notes, "its 32-bit whole numbers are the bits of floats: read as floats"],
  };
}
