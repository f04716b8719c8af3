/** Rows of a map, and the filtering of maps that come in bands of rows. */

/** Some rows of a map, full width. */
export interface Rows {
  readonly values: Float32Array;
  readonly valid: Uint8Array;
  readonly error: Float32Array | null;
  /** Number of the first. */
  readonly top: number;
  readonly width: number;
}

/** How many rows these are. */
export function rowCount(rows: Rows): number {
  return rows.values.length / rows.width;
}

/** The rows from number `top` to before `bottom` of some. */
export function partOf(rows: Rows, top: number, bottom: number): Rows {
  const from = (top - rows.top) * rows.width;
  const to = (bottom - rows.top) * rows.width;
  return {
    values: rows.values.subarray(from, to),
    valid: rows.valid.subarray(from, to),
    error: rows.error && rows.error.subarray(from, to),
    top,
    width: rows.width,
  };
}

function followedBy(rows: Rows, more: Rows): Rows {
  const values = new Float32Array(rows.values.length + more.values.length);
  values.set(rows.values);
  values.set(more.values, rows.values.length);
  const valid = new Uint8Array(values.length);
  valid.set(rows.valid);
  valid.set(more.valid, rows.valid.length);
  let error: Float32Array | null = null;
  if (rows.error && more.error) {
    error = new Float32Array(values.length);
    error.set(rows.error);
    error.set(more.error, rows.error.length);
  }
  return { values, valid, error, top: rows.top, width: rows.width };
}

/** What a filter of maps in bands needs to say. */
export interface Filter {
  /** Input rows that are held → output rows `from` to before `to`. */
  readonly compute: (held: Rows, from: number, to: number) => Rows;
  /** Number of input rows that have come → number of output rows that can be computed. */
  readonly ready: (bottom: number) => number;
  /** Number of output rows that are done → the first input row that others need. */
  readonly firstNeeded: (done: number) => number;
}

/** Yield the rows of a filtered map, each as soon as the rows that it depends on have come. */
export async function* filterBands(
  bands: AsyncIterable<Rows>,
  { compute, ready, firstNeeded }: Filter,
): AsyncGenerator<Rows> {
  let held: Rows | null = null;
  let done = 0;
  for await (const band of bands) {
    held = held === null ? band : followedBy(held, band);
    const bottom: number = held.top + rowCount(held);
    const end = ready(bottom);
    if (end <= done) continue;
    yield compute(held, done, end);
    done = end;
    held = partOf(held, Math.min(Math.max(firstNeeded(done), held.top), bottom), bottom);
  }
}
