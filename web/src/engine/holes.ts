/** Holes of depth maps: their filling for networks, their upscaling, and their sizes. */

import { UpscaleError } from "./types.ts";

/** Rows that are looked at together: whether holes are large is asked of so many. */
const ROWS_AT_ONCE = 256;
const NEAR_COLUMNS = 64;
const FEW_COLUMNS = 8;

/** Whether all pixels are valid. */
export function allValid(valid: Uint8Array): boolean {
  return !valid.includes(0);
}

/**
 * Give each invalid pixel the value of the valid pixel nearest to it (Euclidean).
 *
 * The nearest valid pixel of each column is found first, then the best over columns further and
 * further away; in large holes by the lower envelope of parabolas (Felzenszwalb, Huttenlocher:
 * "Distance transforms of sampled functions", Theory of Computing 8, 2012). Of pixels that are
 * equally near, each takes the one that Python's `fill_nearest` takes.
 */
export function fillNearest(
  values: Float32Array,
  valid: Uint8Array,
  height: number,
  width: number,
): Float32Array {
  if (!valid.includes(1)) {
    throw new UpscaleError("no pixel of the map is valid: there is nothing to go by");
  }
  if (allValid(valid)) return values;
  const source = sourceRows(valid, height, width);
  const columns = columnsWithValid(valid, width);
  const filled = values.slice();
  for (let top = 0; top < height; top += ROWS_AT_ONCE) {
    const rows = Math.min(ROWS_AT_ONCE, height - top);
    fillRows(filled, values, valid, source, columns, top, rows, width);
  }
  return filled;
}

/** The row of the valid pixel nearest to each in its own column; far outside for none. */
function sourceRows(valid: Uint8Array, height: number, width: number): Int32Array {
  const far = 4 * (height + width);
  const source = new Int32Array(height * width);
  for (let column = 0; column < width; column++) {
    let above = -far;
    for (let row = 0; row < height; row++) {
      const place = row * width + column;
      if (valid[place]) above = row;
      source[place] = above;
    }
    let below = far;
    for (let row = height - 1; row >= 0; row--) {
      const place = row * width + column;
      if (valid[place]) below = row;
      if (row - source[place] > below - row) source[place] = below;
    }
  }
  return source;
}

function columnsWithValid(valid: Uint8Array, width: number): number[] {
  const has = new Uint8Array(width);
  for (let place = 0; place < valid.length; place++) if (valid[place]) has[place % width] = 1;
  return [...has.keys()].filter((column) => has[column]);
}

function fillRows(
  filled: Float32Array,
  values: Float32Array,
  valid: Uint8Array,
  source: Int32Array,
  columns: readonly number[],
  top: number,
  rows: number,
  width: number,
): void {
  const squared = new Float64Array(rows * width);
  for (let k = 0; k < squared.length; k++) {
    const away = source[top * width + k] - top - Math.floor(k / width);
    squared[k] = away * away;
  }
  const places: number[] = [];
  for (let k = 0; k < squared.length; k++) if (!valid[top * width + k]) places.push(k);
  if (!places.length) return;
  const nearest = nearestColumns(squared, places, columns, width);
  places.forEach((k, index) => {
    const row = Math.floor(k / width);
    const column = nearest[index];
    filled[top * width + k] = values[source[(top + row) * width + column] * width + column];
  });
}

/** In which of the columns with valid pixels the one nearest to each of some pixels is. */
function nearestColumns(
  squared: Float64Array,
  places: readonly number[],
  columns: readonly number[],
  width: number,
): Int32Array {
  const nearest = Int32Array.from(places, (k) => k % width);
  const best = Float64Array.from(places, (k) => squared[k]);
  const few = 2 * FEW_COLUMNS * columns.length > width ? FEW_COLUMNS : 0;
  let left = [...places.keys()];
  for (let step = 1; step < width; step++) {
    left = left.filter((index) => best[index] > step * step);
    if (!left.length) break;
    if (step > NEAR_COLUMNS || (step > few && left.length > Math.floor(places.length / 2))) {
      takeLowestParabolas(nearest, left, places, squared, columns, width);
      break;
    }
    for (const index of left) {
      const column = places[index] % width;
      const start = places[index] - column;
      for (const other of [Math.max(column - step, 0), Math.min(column + step, width - 1)]) {
        const distance = squared[start + other] + step * step;
        if (distance < best[index]) {
          best[index] = distance;
          nearest[index] = other;
        }
      }
    }
  }
  return nearest;
}

function takeLowestParabolas(
  nearest: Int32Array,
  left: readonly number[],
  places: readonly number[],
  squared: Float64Array,
  columns: readonly number[],
  width: number,
): void {
  const rows = new Map<number, Int32Array>();
  for (const index of left) {
    const row = Math.floor(places[index] / width);
    let lowest = rows.get(row);
    if (lowest === undefined) {
      lowest = lowestParabolas(squared.subarray(row * width, (row + 1) * width), columns);
      rows.set(row, lowest);
    }
    nearest[index] = lowest[places[index] % width];
  }
}

/** Which parabola is lowest at each column of a row; vertices are ascending columns. */
function lowestParabolas(heights: Float64Array, vertices: readonly number[]): Int32Array {
  const kept = [vertices[0]];
  const begins = [-Infinity];
  for (const column of vertices.slice(1)) {
    for (;;) {
      const last = kept[kept.length - 1];
      const risen = heights[column] + column ** 2 - heights[last] - last ** 2;
      const meets = risen / (2 * (column - last));
      if (meets > begins[begins.length - 1]) {
        kept.push(column);
        begins.push(meets);
        break;
      }
      kept.pop();
      begins.pop();
    }
  }
  const lowest = new Int32Array(heights.length);
  let at = 0;
  for (let column = 0; column < heights.length; column++) {
    while (at + 1 < kept.length && begins[at + 1] <= column) at++;
    lowest[column] = kept[at];
  }
  return lowest;
}

/**
 * Which pixels of rows `top` to `bottom`, `scale` times as large, are valid.
 *
 * The border of a hole is where the linear interpolation of 0 and 1 between the centres of valid
 * and invalid pixels is one half.
 */
export function enlargeValid(
  valid: Uint8Array,
  height: number,
  width: number,
  scale: number,
  top = 0,
  bottom = height,
): Uint8Array {
  const large = new Uint8Array(scale * (bottom - top) * scale * width);
  if (allValid(valid)) return large.fill(1);
  const shown = betweenCentres(scale);
  const half = scale >> 1;
  let place = 0;
  for (let y = scale * top; y < scale * bottom; y++) {
    // The low-resolution row whose centre is above, and how many rows below it this one is.
    const row = Math.floor((y - half) / scale);
    const down = y - (scale * row + half);
    const above = Math.min(Math.max(row, 0), height - 1) * width;
    const below = Math.min(row + 1, height - 1) * width;
    for (let x = 0; x < scale * width; x++) {
      const column = Math.floor((x - half) / scale);
      const right = x - (scale * column + half);
      const left = Math.max(column, 0);
      const next = Math.min(column + 1, width - 1);
      const of =
        valid[above + left] +
        2 * valid[above + next] +
        4 * valid[below + left] +
        8 * valid[below + next];
      large[place++] = shown[(down * 16 + of) * scale + right];
    }
  }
  return large;
}

/** What is valid of the pixels between the centres of four: scale × 16 × scale. */
function betweenCentres(scale: number): Uint8Array {
  const shown = new Uint8Array(scale * 16 * scale);
  // Weights in units of 1 / (2·scale), so that halves are exact.
  const after = (k: number) => 2 * (k + (scale >> 1)) + 1 - scale;
  for (let down = 0; down < scale; down++) {
    for (let of = 0; of < 16; of++) {
      for (let right = 0; right < scale; right++) {
        const [y, x] = [after(down), after(right)];
        const above = (of & 1) * (2 * scale - x) + ((of >> 1) & 1) * x;
        const below = ((of >> 2) & 1) * (2 * scale - x) + ((of >> 3) & 1) * x;
        const share = above * (2 * scale - y) + below * y;
        shown[(down * 16 + of) * scale + right] = share > 2 * scale ** 2 ? 1 : 0;
      }
    }
  }
  return shown;
}

/**
 * Which pixels count as valid where holes of up to `most` pixels are filled.
 *
 * Invalid pixels that share an edge belong to one hole.
 */
export function withFilledHoles(
  valid: Uint8Array,
  height: number,
  width: number,
  most: number,
): Uint8Array {
  const kept = valid.slice();
  const seen = valid.slice();
  for (let start = 0; start < valid.length; start++) {
    if (seen[start]) continue;
    seen[start] = 1;
    const hole = [start];
    for (let k = 0; k < hole.length; k++) {
      for (const beside of neighbours(hole[k], height, width)) {
        if (seen[beside]) continue;
        seen[beside] = 1;
        hole.push(beside);
      }
    }
    if (hole.length <= most) for (const place of hole) kept[place] = 1;
  }
  return kept;
}

function neighbours(place: number, height: number, width: number): number[] {
  const row = Math.floor(place / width);
  const column = place % width;
  const found: number[] = [];
  if (row > 0) found.push(place - width);
  if (row + 1 < height) found.push(place + width);
  if (column > 0) found.push(place - 1);
  if (column + 1 < width) found.push(place + 1);
  return found;
}
