/** What a reader of depth files returns: numbers, and what the file says about them. */

import { DepthFileError } from "../types.ts";

/** Numbers as a file has them: unsigned, signed, or floats, of so many bytes. */
export interface Numbers {
  readonly values: Uint8Array | Uint16Array | Float32Array | Float64Array;
  readonly type: "u" | "i" | "f";
  readonly bytes: number;
}

/** The numbers of one map in a file, and what the file says about them. */
export interface Stored {
  readonly numbers: Numbers;
  readonly height: number;
  readonly width: number;
  /** Which pixels a mask in the file lets through; null: all. */
  readonly valid: Uint8Array | null;
  /** What was chosen or left out, a line each. */
  readonly notes: readonly string[];
}

/** A file that is read: its name for people, its content, and how many pixels it may have. */
export interface Source {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly maxPixels: number;
}

/** Whether numbers are whole ones. */
export function isWhole({ type }: Numbers): boolean {
  return type !== "f";
}

/** Whole numbers of 8 or 16 bits. */
export function wholeNumbers(values: Uint8Array | Uint16Array): Numbers {
  return { values, type: "u", bytes: values.BYTES_PER_ELEMENT };
}

/** Check the size that a header promises, before memory is taken. */
export function checkSize({ name, maxPixels }: Source, height: number, width: number): void {
  if (!(height >= 1 && width >= 1)) {
    throw new DepthFileError(`${name} promises ${width}×${height} pixels: give 1×1 or more`);
  }
  if (height * width > maxPixels) {
    throw new DepthFileError(
      `${name} promises ${width}×${height} pixels: here are allowed ` +
        `${(maxPixels / 1e6).toFixed(1)} million; use the command dsdmsr upscale`,
    );
  }
}

/** What colours of a picture make a map: the grey numbers, and which pixels are opaque. */
export interface Grey<T> {
  readonly values: T;
  readonly opaque: Uint8Array | null;
  readonly notes: readonly string[];
}

/**
 * The grey numbers of a picture whose red, green and blue are equal.
 *
 * @param values Height·width·channels numbers.
 * @param most The number of an opaque alpha.
 * @throws DepthFileError if the colours differ, or some pixels are half transparent.
 */
export function singleChannel<T extends Uint8Array | Uint16Array | Float32Array>(
  name: string,
  values: T,
  channels: number,
  most: number,
): Grey<T> {
  if (channels === 1) return { values, opaque: null, notes: [] };
  const pixels = values.length / channels;
  const colours = channels < 3 ? 1 : 3;
  const grey = values.slice(0, pixels) as T;
  const opaque = new Uint8Array(pixels).fill(1);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const first = pixel * channels;
    grey[pixel] = values[first];
    for (let k = 1; k < colours; k++) checkEqual(name, values[first], values[first + k]);
    if (channels === colours) continue;
    const alpha = values[first + colours];
    if (alpha !== 0 && alpha !== most) {
      throw new DepthFileError(
        `${name} has pixels that are half transparent: give an alpha of nothing or all`,
      );
    }
    opaque[pixel] = Number(alpha !== 0);
  }
  const notes = colours === 3 ? ["its red, green and blue are equal: read as grey"] : [];
  if (!opaque.includes(0)) return { values: grey, opaque: null, notes };
  return { values: grey, opaque, notes: [...notes, "its transparent pixels are holes"] };
}

function checkEqual(name: string, first: number, other: number): void {
  if (first === other || (Number.isNaN(first) && Number.isNaN(other))) return;
  throw new DepthFileError(
    `${name} is a picture in colours, which stand for no depth: give grey numbers`,
  );
}
