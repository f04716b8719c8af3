/** Which numbers in a depth file mean "nothing here". */

import type { Encoding } from "../encodings.ts";
import { formatted, percent } from "../formatted.ts";
import type { Code } from "./codes.ts";
import { findCodes, isCode } from "./codes.ts";
import type { Stored } from "./stored.ts";
import { isWhole } from "./stored.ts";

/** Which of a file's numbers are values. */
export interface Usable {
  readonly valid: Uint8Array;
  /** The number that most of the others have; null if it is the encoding's or there are none. */
  readonly marker: number | null;
  /** What was recognised, a line each. */
  readonly notes: readonly string[];
}

/**
 * Which of a file's numbers are values.
 *
 * @param recognise Whether the codes of renderers and sensors are recognised.
 */
export function usableOf(stored: Stored, encoding: Encoding, recognise: boolean): Usable {
  const { numbers } = stored;
  const { values } = numbers;
  const zeroMeansNothing = encoding.largest !== null && !encoding.zeroIsValue;
  const valid = Uint8Array.from(values, (number, k) => {
    const nothing = number === encoding.invalid || (zeroMeansNothing && number === 0);
    return Number(Number.isFinite(number) && !nothing && (stored.valid?.[k] ?? 1) !== 0);
  });
  const codes = recognise ? findCodes(numbers, valid, encoding.kind) : [];
  for (const code of codes) {
    for (let k = 0; k < valid.length; k++) if (isCode(code, values[k])) valid[k] = 0;
  }
  const notes = codes.map((code) => noteOn(code, values));
  return { valid, marker: markerOf(stored, encoding, valid, codes), notes };
}

function noteOn(code: Code, values: Stored["numbers"]["values"]): string {
  let count = 0;
  for (const number of values) if (isCode(code, number)) count++;
  const blends = code.beyond === null ? "" : ", with its blends";
  const share = percent(count / values.length, 1);
  return (
    `${share} of the pixels are ${formatted(code.number, 7)}${blends} (${code.meaning}), ` +
    "taken for no surface"
  );
}

/** The number that stands for most invalid pixels in the file. */
function markerOf(
  stored: Stored,
  encoding: Encoding,
  valid: Uint8Array,
  codes: readonly Code[],
): number | null {
  if (!valid.includes(0)) return null;
  const counts = new Map<number, number>();
  const candidates = [encoding.invalid, ...codes.map((code) => code.number), 0];
  if (!isWhole(stored.numbers)) candidates.push(Infinity, -Infinity, NaN);
  for (const number of candidates) counts.set(number, 0);
  let holes = 0;
  stored.numbers.values.forEach((number: number, k: number) => {
    if (valid[k]) return;
    holes++;
    const count = counts.get(number);
    if (count !== undefined) counts.set(number, count + 1);
  });
  let [marker, most] = [encoding.invalid, -1];
  for (const [number, count] of counts) if (count > most) [marker, most] = [number, count];
  return 2 * most >= holes ? marker : null;
}
