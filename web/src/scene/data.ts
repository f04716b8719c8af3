/** What `dsdmsr cloud` puts into the page: a map of distances, its colours and its camera. */

import type { Distances } from "../engine/geometry.ts";
import type { Intrinsics, Unit } from "../engine/types.ts";
import type { Scale } from "../page/colours.ts";
import { embedded, json } from "../page/embedded.ts";

/** What is said of the map beside its files. */
export interface Scene {
  readonly width: number;
  readonly camera: Intrinsics;
  /** Slope in degrees beyond which neighbours are cut apart; null for points alone. */
  readonly steepest: number | null;
  /** The unit of the distances; null if that is not known. */
  readonly unit: Unit;
  /** What the colours mean, but for the colours; null for those of a picture. */
  readonly scale: Omit<Scale, "colours"> | null;
}

export const scene = json<Scene>("page-scene");

/** Returns the distances, 0 for none, and red, green and blue of each pixel. */
export async function unpacked(): Promise<{ found: Distances; colours: Uint8Array }> {
  const [packed, colours] = await Promise.all([embedded("distances"), embedded("colours")]);
  const values = distancesOf(packed);
  return { found: { values, known: Uint8Array.from(values, (each) => (each > 0 ? 1 : 0)) }, colours };
}

/** Undoes `_packed_distances` of `dsdmsr.app.scene`: first bytes of all, then the second, …. */
function distancesOf(planes: Uint8Array): Float32Array {
  const count = planes.length / 4;
  const bits = new Uint32Array(count);
  let last = 0;
  for (let i = 0; i < count; i++) {
    const step =
      planes[i] | (planes[i + count] << 8) | (planes[i + 2 * count] << 16) | (planes[i + 3 * count] << 24);
    last += (step >>> 1) ^ -(step & 1);
    bits[i] = last;
    last = bits[i];
  }
  return new Float32Array(bits.buffer);
}
