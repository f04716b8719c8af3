/** The choice of an encoding for a file, by its numbers and its format. */

import { bytesOf, ENCODINGS, findEncoding } from "../encodings.ts";
import { extremes } from "../numbers.ts";
import { DepthFileError } from "../types.ts";
import type { Numbers, Stored } from "./stored.ts";

const ZEROS_MAX = 3;
const UPPER_SHARE = 0.01;
const LOW = 0.03;
const LOW_SHARE = 0.25;
/** Encodings of 8 bits → what their names mean in files of 16 bits. */
const OF_16_BITS: Readonly<Record<string, string>> = { levels: "levels16", relative: "relative16" };

/** The encoding that numbers in a file most likely have. */
export function guessEncoding(stored: Stored): string {
  const { type, bytes } = stored.numbers;
  if (type !== "u" || bytes > 2) return "float";
  if (bytes === 1) return zeroIsFar(stored) ? "relative" : "levels";
  return zeroIsFar(stored) ? "relative16" : "mm";
}

/**
 * The encoding that is given for numbers, or what its name means for 16 bits.
 *
 * @throws DepthFileError if it is unknown, or not one for a file of whole numbers.
 */
export function checkedEncoding(
  name: string,
  given: string,
  numbers: Numbers,
  holdsWhole: boolean,
): string {
  const meaning = findEncoding(given);
  if (numbers.type === "u" && numbers.bytes === 2) {
    const other = OF_16_BITS[given];
    if (other !== undefined) return other;
  }
  if (holdsWhole && bytesOf(meaning) !== numbers.bytes) {
    throw new DepthFileError(
      `${name} has ${8 * numbers.bytes} bits, encoding "${given}" has not: allowed are ` +
        encodingsOf(numbers.bytes).join(", "),
    );
  }
  return given;
}

/** The encodings of whole numbers of so many bytes. */
export function encodingsOf(bytes: number): string[] {
  return Object.keys(ENCODINGS).filter((name) => bytesOf(ENCODINGS[name]) === bytes);
}

/**
 * Whether 0 is the farthest value of 8- or 16-bit numbers, not an unknown one.
 *
 * Networks for relative depth scale their result to 0…255 or 0…65535, so that 0 is their
 * farthest value, which others close to it surround.
 */
function zeroIsFar({ numbers, height, width }: Stored): boolean {
  const { values, bytes } = numbers;
  const greatest = extremes(values)[1];
  let zeros = 0;
  let upper = 0;
  for (const number of values) {
    if (number === 0) zeros++;
    else if (number > Math.floor(greatest / 2) && number < greatest) upper++;
  }
  if (!zeros || !greatest) return false;
  if (bytes > 1) {
    if (greatest !== 65535 || upper < Math.max(16, UPPER_SHARE * values.length)) return false;
  } else if (greatest === 255 || ZEROS_MAX * zeros > values.length) return true;
  return lowAroundZeros(values, height, width, Math.max(2, LOW * greatest));
}

/** Whether values beside zeros are low where there are any, so that they go on to 0. */
function lowAroundZeros(
  values: Numbers["values"],
  height: number,
  width: number,
  most: number,
): boolean {
  let around = 0;
  let low = 0;
  const look = (number: number) => {
    if (number > 0) around++;
    if (number > 0 && number <= most) low++;
  };
  for (let place = 0; place < values.length; place++) {
    if (values[place] !== 0) continue;
    const column = place % width;
    if (column > 0) look(values[place - 1]);
    if (column + 1 < width) look(values[place + 1]);
    if (place >= width) look(values[place - width]);
    if (place + width < height * width) look(values[place + width]);
  }
  return around > 0 && low >= LOW_SHARE * around;
}
