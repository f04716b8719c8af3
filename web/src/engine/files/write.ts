/** The writing of depth files: the values of a map → the numbers of a file. */

import type { Encoding } from "../encodings.ts";
import { bytesOf, findEncoding, LARGEST_FLOAT, smallestOf } from "../encodings.ts";
import { formatted } from "../formatted.ts";
import type { DepthMap, Kind } from "../types.ts";
import { DepthFileError } from "../types.ts";
import { cameraOfRays, rayLengths, rotatedLeft } from "./decode.ts";
import { encodingsOf } from "./guess.ts";
import { packPfm } from "./netpbm.ts";
import { packNpy } from "./npy.ts";
import { packPng } from "./png.ts";

/** A format that is written: png of 8 or 16 bits, as the encoding says. */
export type WriteFormat = "png" | "pfm" | "npy";

/** The encoding of floats for each kind, where none is given. */
const FLOATS: Readonly<Record<Kind, string>> = {
  depth: "float",
  disparity: "disparity",
  inverse_depth: "inverse",
  height: "height",
};

/**
 * The content of a file of a map, as `dsdmsr` writes it.
 *
 * @param encoding What its numbers mean. Default: that of the file the map was read from.
 * @throws DepthFileError if the format or the encoding cannot hold the map; nothing is clipped.
 */
export function writeDepth(
  map: DepthMap,
  format: WriteFormat,
  encoding: string | null = null,
): Uint8Array {
  const { height, width } = map;
  const name = encoding ?? map.encoding ?? FLOATS[map.kind];
  const meaning = findEncoding(name);
  if (format === "png" && meaning.largest === null) {
    const whole = [...encodingsOf(1), ...encodingsOf(2)].join(", ");
    throw new DepthFileError(
      `a PNG cannot hold encoding "${name}": write .npy or .pfm, or choose an output encoding, ` +
        `one of ${whole}`,
    );
  }
  const stays = map.floats && name === map.encoding && format === "npy";
  const whole = format !== "pfm" && meaning.largest !== null && !stays;
  const numbers = encoded(map, name, whole);
  if (format === "pfm") return packPfm(numbers as Float32Array, height, width);
  if (format === "npy") return packNpy(numbers, height, width);
  return packPng(numbers as Uint8Array | Uint16Array, height, width);
}

/** The numbers that a map is written as, whole ones rounded half up. */
function encoded(
  map: DepthMap,
  name: string,
  whole: boolean,
): Float32Array | Uint8Array | Uint16Array {
  const meaning = findEncoding(name);
  checkKind(map, name, meaning);
  const marker = markerFor(map, name, meaning, whole);
  const exact = exactNumbers(map, meaning, whole);
  checkFit(map, exact, name, meaning, marker, whole);
  const written = whole
    ? new { 1: Uint8Array, 2: Uint16Array }[bytesOf(meaning)!](exact.length)
    : new Float32Array(exact.length);
  for (let k = 0; k < written.length; k++) {
    const number = map.valid[k] ? exact[k] : marker;
    written[k] = whole && meaning.rotated ? rotatedLeft(number, meaning.rotated) : number;
  }
  return written;
}

function checkKind(map: DepthMap, name: string, meaning: Encoding): void {
  if (map.kind !== meaning.kind) {
    throw new DepthFileError(
      `the map is of kind ${map.kind}, encoding "${name}" of kind ${meaning.kind}: ` +
        "choose an encoding of the map's kind",
    );
  }
  if (map.unit !== null && meaning.unit !== null && map.unit !== meaning.unit) {
    throw new DepthFileError(
      `the map's unit is ${map.unit}, that of encoding "${name}" is ${meaning.unit}: ` +
        "choose an encoding of the map's unit",
    );
  }
}

/** The number that invalid pixels are written as. */
function markerFor(map: DepthMap, name: string, meaning: Encoding, whole: boolean): number {
  const own = name === map.encoding ? map.marker : null;
  const marker = own ?? meaning.invalid;
  if (!whole) {
    if (!Number.isFinite(marker)) return marker;
    return Math.max(-LARGEST_FLOAT, Math.min(marker, LARGEST_FLOAT));
  }
  const most = 256 ** bytesOf(meaning)! - 1;
  const fitting = 0 <= marker && marker <= most ? marker : meaning.invalid;
  if (Number.isNaN(fitting) && map.valid.includes(0)) {
    throw new DepthFileError(
      `the map has holes, and all numbers of ${meaning.meaning} are values: choose an ` +
        "encoding with a number for holes, or a format of floats",
    );
  }
  return fitting;
}

/** What the values of a map are in a file, before they get its type. */
function exactNumbers(
  map: DepthMap,
  { perUnit, offset, rayFocal }: Encoding,
  whole: boolean,
): Float32Array | Float64Array {
  const { values, height, width } = map;
  if (!whole && perUnit === 1 && offset === 0 && rayFocal === null) return values;
  let lengths: Float64Array | null = null;
  if (rayFocal !== null) {
    const camera = map.intrinsics ?? cameraOfRays(rayFocal, height, width);
    lengths = rayLengths(camera, height, width);
  }
  const scaled = (value: number, k: number) => value * (lengths?.[k] ?? 1) * perUnit;
  if (whole) return Float64Array.from(values, (v, k) => Math.floor(scaled(v, k) + (offset + 0.5)));
  return Float32Array.from(values, (v, k) => scaled(v, k) + offset);
}

function checkFit(
  map: DepthMap,
  exact: Float32Array | Float64Array,
  name: string,
  meaning: Encoding,
  marker: number,
  whole: boolean,
): void {
  const low = whole ? smallestOf(meaning) : -LARGEST_FLOAT;
  const high = whole ? meaning.largest! : LARGEST_FLOAT;
  const nothing = whole ? marker : Math.fround(marker);
  let misfits = 0;
  let used = 0;
  for (let k = 0; k < exact.length; k++) {
    if (!map.valid[k]) continue;
    used++;
    if (!(low <= exact[k] && exact[k] <= high && exact[k] !== nothing)) misfits++;
  }
  if (!misfits) return;
  const allowed = whole
    ? `${low}…${high} (÷ ${formatted(meaning.perUnit, 6)})`
    : `finite numbers other than ${formatted(marker, 6)}`;
  throw new DepthFileError(
    `${misfits} of ${used} valid pixels do not fit encoding "${name}", which holds ${allowed}: ` +
      "choose another encoding",
  );
}
