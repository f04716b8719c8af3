/** Edges without depths between two surfaces, for points in space. */

import type { Rows } from "./rows.ts";
import { filterBands, partOf, rowCount } from "./rows.ts";

/** Pixels to each side among which a pixel's surface is looked for. */
const REACH = 2;
/** Share of a jump's height within which a pixel counts as lying on a surface. */
const ON_A_SURFACE = Math.fround(0.2);
/** How much more than within `REACH` values may differ within twice that, beside a jump. */
const FLAT = 1.5;
/** Rows above and below on which a row depends. */
const CONTEXT = 3 * REACH;

/** Yield a map's rows with each pixel between two surfaces put on the nearer one. */
export function sharpen(bands: AsyncIterable<Rows>, height: number): AsyncGenerator<Rows> {
  return filterBands(bands, {
    compute: (held, from, to) => partOf({ ...held, values: sharpened(held) }, from, to),
    ready: (bottom) => (bottom === height ? height : bottom - CONTEXT),
    firstNeeded: (done) => done - CONTEXT,
  });
}

/** The least or greatest value of the square of `REACH` around each pixel. */
function windowExtreme(
  values: Float32Array,
  height: number,
  width: number,
  pick: (a: number, b: number) => number,
): Float32Array {
  const along = values.slice();
  for (let place = 0; place < values.length; place++) {
    const column = place % width;
    const start = place - column;
    const last = Math.min(column + REACH, width - 1);
    for (let x = Math.max(column - REACH, 0); x <= last; x++) {
      along[place] = pick(along[place], values[start + x]);
    }
  }
  const found = along.slice();
  for (let place = 0; place < values.length; place++) {
    const row = Math.floor(place / width);
    const last = Math.min(row + REACH, height - 1);
    for (let y = Math.max(row - REACH, 0); y <= last; y++) {
      found[place] = pick(found[place], along[y * width + (place % width)]);
    }
  }
  return found;
}

function sharpened(held: Rows): Float32Array {
  const { values, width } = held;
  const height = rowCount(held);
  const between = betweenSurfaces(values, height, width);
  return values.map((now, place) =>
    between[place] ? onSurface(now, place, values, between, height, width) : now,
  );
}

/** Which pixels lie between two surfaces. */
function betweenSurfaces(values: Float32Array, height: number, width: number): Uint8Array {
  const least = windowExtreme(values, height, width, Math.min);
  const most = windowExtreme(values, height, width, Math.max);
  const lowest = windowExtreme(least, height, width, Math.min);
  const highest = windowExtreme(most, height, width, Math.max);
  return Uint8Array.from(values, (value, k) => {
    const span = Math.fround(most[k] - least[k]);
    const margin = Math.fround(ON_A_SURFACE * span);
    const wide = Math.fround(highest[k] - lowest[k]);
    const apart = Math.fround(value - least[k]) > margin && Math.fround(most[k] - value) > margin;
    return Number(apart && wide < Math.fround(FLAT * span));
  });
}

/** The value nearest to a pixel's own among those around that lie on a surface. */
function onSurface(
  now: number,
  place: number,
  values: Float32Array,
  between: Uint8Array,
  height: number,
  width: number,
): number {
  const row = Math.floor(place / width);
  const column = place % width;
  let best = now;
  let distance = Infinity;
  for (let y = Math.max(row - REACH, 0); y <= Math.min(row + REACH, height - 1); y++) {
    for (let x = Math.max(column - REACH, 0); x <= Math.min(column + REACH, width - 1); x++) {
      const beside = y * width + x;
      if (between[beside]) continue;
      const value = values[beside];
      const away = Math.fround(Math.abs(value - now));
      // Of two that are equally near, the lesser, whichever side it is on.
      if (away < distance || (away === distance && value < best)) {
        best = value;
        distance = away;
      }
    }
  }
  return best;
}
