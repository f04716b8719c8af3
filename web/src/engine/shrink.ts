/** The step from the network's size to a smaller one, without a blur across depth edges. */

import type { Rows } from "./rows.ts";
import { filterBands, rowCount } from "./rows.ts";
import { searchSorted } from "./numbers.ts";
import type { Goal } from "./sizes.ts";
import type { Phase } from "./types.ts";

/** Where the centres of the new pixels of one axis lie among the old ones. */
interface Places {
  /** The pixel that holds the centre; of two that meet there, the first. */
  readonly first: Int32Array;
  /** The same pixel, or the second of the two. */
  readonly second: Int32Array;
  /** How far the new centre is from that of `first`: -½…½ pixels. */
  readonly offset: Float32Array;
}

/** Where the centres of `wanted` pixels lie among `old` ones, which `pixels` have become. */
function placesOf(old: number, wanted: number, pixels: number, phase: Phase): Places {
  const scale = old / pixels;
  const aligned = phase === "aligned" && Math.min(pixels, wanted) > 1;
  const unit = aligned ? 2 * (wanted - 1) : 2 * wanted;
  const first = new Int32Array(wanted);
  const second = new Int32Array(wanted);
  const offset = new Float32Array(wanted);
  for (let k = 0; k < wanted; k++) {
    // The centre in whole units, of which an old pixel has `unit`.
    let centre = (2 * k + 1) * old;
    if (phase === "corner") centre = 2 * k * old + scale * wanted;
    else if (aligned) centre = 2 * k * scale * (pixels - 1) + scale * (wanted - 1);
    // Nothing is known beyond the outermost centres.
    centre = Math.min(centre, unit * old - unit / 2);
    second[k] = Math.floor(centre / unit);
    first[k] = Math.max(second[k] - Number(centre % unit === 0), 0);
    offset[k] = (centre - unit * first[k]) / unit - 0.5;
  }
  return { first, second, offset };
}

/** The smaller of two slopes that rise, or of two that fall; else 0 (the minmod limiter). */
function minmod(back: number, ahead: number): number {
  const rising = Math.max(Math.min(back, ahead), 0);
  const falling = Math.min(Math.max(back, ahead), 0);
  return rising + falling;
}

/**
 * Yield a map with fewer pixels, or as many, that covers the same.
 *
 * A new pixel gets what its centre shows: the value on the plane through the old pixel there, whose
 * slope is limited by minmod (Roe, Annual Review of Fluid Mechanics 18, 1986), so that no value
 * lies between two surfaces. Where a centre lies between pixels, the least of what they show.
 *
 * @param bands The map's rows as the network enlarged them.
 * @param height Rows of the low-resolution map.
 * @param width Its columns.
 */
export function shrink(
  bands: AsyncIterable<Rows>,
  height: number,
  width: number,
  goal: Goal,
): AsyncGenerator<Rows> {
  const old = { height: goal.factor * height, width: goal.factor * width };
  const down = placesOf(old.height, goal.height, height, goal.phase);
  const across = placesOf(old.width, goal.width, width, goal.phase);
  const lastNeeded = down.second.map((row) => Math.min(row + 1, old.height - 1));
  return filterBands(bands, {
    compute: (held, from, to) => sampled(held, down, across, from, to),
    ready: (bottom) => searchSorted(lastNeeded, bottom),
    firstNeeded: (done) => (done < goal.height ? down.first[done] - 1 : 0),
  });
}

function sampled(held: Rows, down: Places, across: Places, from: number, to: number): Rows {
  const width = across.first.length;
  const values = new Float32Array((to - from) * width);
  const valid = new Uint8Array(values.length);
  const error = held.error && new Float32Array(values.length);
  const shown = new Shown(held);
  let place = 0;
  for (let row = from; row < to; row++) {
    const [y0, y1] = [down.first[row] - held.top, down.second[row] - held.top];
    for (let column = 0; column < width; column++, place++) {
      const [x0, x1] = [across.first[column], across.second[column]];
      const [beyond, aside] = [down.offset[row], across.offset[column]];
      let least = shown.at(y0, x0, beyond, aside);
      if (x1 > x0) least = Math.min(least, shown.at(y0, x1, beyond, aside - 1));
      if (y1 > y0) least = Math.min(least, shown.at(y1, x0, beyond - 1, aside));
      if (y1 > y0 && x1 > x0) least = Math.min(least, shown.at(y1, x1, beyond - 1, aside - 1));
      values[place] = least;
      const corners = [y0 * held.width + x0, y0 * held.width + x1];
      corners.push(y1 * held.width + x0, y1 * held.width + x1);
      valid[place] = Number(corners.every((corner) => held.valid[corner]));
      if (error) error[place] = Math.max(...corners.map((corner) => held.error![corner]));
    }
  }
  return { values, valid, error, top: from, width };
}

/** What pixels of some rows show beside their centres. */
class Shown {
  private readonly values: Float32Array;
  private readonly height: number;
  private readonly width: number;

  constructor(held: Rows) {
    this.values = held.values;
    this.height = rowCount(held);
    this.width = held.width;
  }

  /** The value `beyond` rows and `aside` columns from the centre of a pixel. */
  at(row: number, column: number, beyond: number, aside: number): number {
    const { values, width } = this;
    const place = row * width + column;
    const value = values[place];
    const inside = 0 < row && row + 1 < this.height;
    const slope = inside ? this.slope(place, width) : 0;
    const along = 0 < column && column + 1 < width ? this.slope(place, 1) : 0;
    const rise = Math.fround(Math.fround(beyond * slope) + Math.fround(aside * along));
    return Math.fround(value + rise);
  }

  private slope(place: number, apart: number): number {
    const { values } = this;
    const back = Math.fround(values[place] - values[place - apart]);
    return minmod(back, Math.fround(values[place + apart] - values[place]));
  }
}
