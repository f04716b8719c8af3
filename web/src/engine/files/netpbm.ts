/** PGM and PFM files: grey numbers of 8 or 16 bits, and floats from the bottom row up. */

import { DepthFileError } from "../types.ts";
import type { Source, Stored } from "./stored.ts";
import { checkSize, singleChannel, wholeNumbers } from "./stored.ts";

/** Bytes of a header, with its comments. */
const LONGEST = 2 ** 16;
const GAP = /[ \t\n\v\f\r]+|#[^\n\r]*[\n\r]/y;
const WORD = /[^ \t\n\v\f\r#]{1,40}/y;
const SPACE = " \t\n\v\f\r";

interface Words {
  readonly words: readonly string[];
  /** The place behind the last. */
  readonly end: number;
}

/** Bytes as text, each of them one character. */
function latin1(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let k = 0; k < bytes.length; k += 8192) {
    parts.push(String.fromCharCode(...bytes.subarray(k, k + 8192)));
  }
  return parts.join("");
}

/** The first words of a file; null if it has fewer, or one is too long for a number. */
function headerWords(bytes: Uint8Array, count: number): Words | null {
  const head = latin1(bytes.subarray(0, LONGEST));
  const words: string[] = [];
  let place = 0;
  for (let number = 0; number < count; number++) {
    const start = place;
    for (;;) {
      GAP.lastIndex = place;
      if (!GAP.test(head)) break;
      place = GAP.lastIndex;
    }
    WORD.lastIndex = place;
    const word = WORD.exec(head);
    if (word === null || (number > 0 && place === start)) return null;
    words.push(word[0]);
    place = WORD.lastIndex;
  }
  return { words, end: place };
}

/** The numbers of a PGM; white space may follow them. */
export function readPgm(source: Source): Stored {
  const { name, bytes } = source;
  const header = headerWords(bytes, 4);
  const [magic, ...texts] = header?.words ?? [""];
  const whole = texts.every((text) => /^[0-9]{1,18}$/.test(text));
  if (header === null || !["P2", "P5"].includes(magic) || !whole) {
    throw new DepthFileError(`${name} has no PGM header (P5 or P2, width, height, largest)`);
  }
  const [width, height, largest] = texts.map(Number);
  if (!(0 < largest && largest < 2 ** 16)) {
    throw new DepthFileError(`${name} says that its largest number is ${largest}: give 1 to 65535`);
  }
  checkSize(source, height, width);
  const read = magic === "P5" ? binary : decimal;
  const numbers = wholeNumbers(read(source, header.end, height, width, largest));
  return { numbers, height, width, valid: null, notes: [] };
}

function binary(
  { name, bytes }: Source,
  end: number,
  height: number,
  width: number,
  largest: number,
): Uint8Array | Uint16Array {
  const isSpace = (byte: number) => SPACE.includes(String.fromCharCode(byte));
  if (end >= bytes.length || !isSpace(bytes[end])) {
    throw new DepthFileError(`${name} has no PGM header (white space behind the largest number)`);
  }
  const size = largest < 256 ? 1 : 2;
  const promised = height * width * size;
  let start = end + 1;
  const dos = bytes[end] === 13 && bytes[end + 1] === 10;
  if (dos && bytes.length === end + 2 + promised) start++;
  const more = bytes.subarray(start + promised);
  if (bytes.length < start + promised || !more.every(isSpace)) {
    throw new DepthFileError(
      `${name} promises ${width}×${height} pixels, ${promised} bytes, but holds ` +
        `${bytes.length - start}`,
    );
  }
  const raster = bytes.slice(start, start + promised);
  if (size === 1) return raster;
  const view = new DataView(raster.buffer);
  return Uint16Array.from({ length: height * width }, (_, k) => view.getUint16(2 * k));
}

function decimal(
  { name, bytes }: Source,
  end: number,
  height: number,
  width: number,
  largest: number,
): Uint8Array | Uint16Array {
  const text = latin1(bytes.subarray(end)).replace(/#[^\n\r]*/g, " ");
  const words = text.split(/[ \t\n\v\f\r]+/).filter((word) => word);
  if (words.length !== height * width) {
    throw new DepthFileError(
      `${name} promises ${width}×${height} numbers, but holds ${words.length}`,
    );
  }
  const wrong = words.find((word) => !/^[0-9]{1,5}$/.test(word) || Number(word) > largest);
  if (wrong !== undefined) {
    throw new DepthFileError(
      `${name} holds "${wrong.slice(0, 12)}": give whole numbers of 0 to ${largest}`,
    );
  }
  return largest < 256 ? Uint8Array.from(words, Number) : Uint16Array.from(words, Number);
}

/** The numbers of a PFM of either byte order, the top row first. */
export function readPfm(source: Source): Stored {
  const { name, bytes } = source;
  const { channels, height, width, scale, end } = pfmHeader(source);
  const promised = 4 * channels * height * width;
  let size = bytes.length - end;
  const rest = latin1(bytes.subarray(end + promised));
  if (size > promised && size <= promised + 2 && !rest.trim()) size = promised;
  if (size !== promised) {
    throw new DepthFileError(
      `${name} promises ${channels * width}×${height} pixels, ${promised} bytes, but holds ` +
        `${size}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + end, promised);
  const row = channels * width;
  const upright = new Float32Array(height * row);
  for (let k = 0; k < upright.length; k++) {
    const place = (height - 1 - Math.floor(k / row)) * row + (k % row);
    upright[place] = view.getFloat32(4 * k, scale < 0);
  }
  const grey = singleChannel(name, upright, channels, 1);
  const notes = [...grey.notes];
  if (Math.abs(scale) !== 1) {
    notes.push(`its scale is ${Math.abs(scale)}: numbers are read as they are, not scaled by it`);
  }
  const numbers = { values: grey.values, type: "f" as const, bytes: 4 };
  return { numbers, height, width, valid: null, notes };
}

function pfmHeader(source: Source) {
  const { name, bytes } = source;
  const wrong = `${name} has no PFM header (Pf, width, height, scale)`;
  const header = headerWords(bytes, 4);
  if (header === null) throw new DepthFileError(wrong);
  const [magic, columns, rows, last] = header.words;
  const line = latin1(bytes.subarray(header.end, header.end + LONGEST)).split("\n", 1)[0];
  const whole = [columns, rows].every((text) => /^[0-9]{1,18}$/.test(text));
  const ends = bytes.length > header.end + line.length;
  const isNumber = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(last);
  if (!["Pf", "PF"].includes(magic) || !whole || line.trim() || !ends || !isNumber) {
    throw new DepthFileError(wrong);
  }
  const scale = Number(last);
  if (!Number.isFinite(scale) || scale === 0) {
    throw new DepthFileError(`${name} says that its scale is ${last}: give a number other than 0`);
  }
  const [width, height] = [Number(columns), Number(rows)];
  checkSize(source, height, width);
  const end = header.end + line.length + 1;
  return { channels: magic === "Pf" ? 1 : 3, height, width, scale, end };
}

/** The content of a little-endian PFM. */
export function packPfm(numbers: Float32Array, height: number, width: number): Uint8Array {
  const header = new TextEncoder().encode(`Pf\n${width} ${height}\n-1.0\n`);
  const content = new Uint8Array(header.length + 4 * numbers.length);
  content.set(header);
  const view = new DataView(content.buffer, header.length);
  for (let k = 0; k < numbers.length; k++) {
    const place = (height - 1 - Math.floor(k / width)) * width + (k % width);
    view.setFloat32(4 * k, numbers[place], true);
  }
  return content;
}
