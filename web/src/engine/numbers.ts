/** Arithmetic on arrays, rounded as NumPy rounds it. */

/** The least and the greatest number of some; of no number, Infinity and -Infinity. */
export function extremes(values: ArrayLike<number>, used?: Uint8Array): [number, number] {
  const all = used === undefined || !used.includes(0);
  let least = Infinity;
  let greatest = -Infinity;
  for (let k = 0; k < values.length; k++) {
    const value = values[k];
    if (value >= least && value <= greatest) continue;
    if (!all && !used[k]) continue;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return [least, greatest];
}

/** The sum of numbers `from` to `to`, added pairwise: each half, and then both. */
export function pairwiseSum(values: Float64Array, from = 0, to = values.length): number {
  const count = to - from;
  if (count < 8) {
    let sum = 0;
    for (let k = from; k < to; k++) sum += values[k];
    return sum;
  }
  if (count <= 128) {
    const r = values.slice(from, from + 8);
    let k = 8;
    for (; k < count - (count % 8); k += 8) {
      for (let lane = 0; lane < 8; lane++) r[lane] += values[from + k + lane];
    }
    let sum = r[0] + r[1] + (r[2] + r[3]) + (r[4] + r[5] + (r[6] + r[7]));
    for (; k < count; k++) sum += values[from + k];
    return sum;
  }
  let half = count >> 1;
  half -= half % 8;
  return pairwiseSum(values, from, from + half) + pairwiseSum(values, from + half, to);
}

/** 0 and the sums of the first one, two, … numbers. */
export function cumulative(values: ArrayLike<number>): Float64Array {
  const sums = new Float64Array(values.length + 1);
  for (let k = 0; k < values.length; k++) sums[k + 1] = sums[k] + values[k];
  return sums;
}

/** The first place of ascending numbers at which `x` could be put in. */
export function searchSorted(ascending: ArrayLike<number>, x: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What lies at `x` on the line through points, whose last ones go on at either side. */
export function interpolated(x: number, xs: Float64Array, ys: Float64Array): number {
  const last = xs.length - 1;
  if (x >= xs[last]) return ys[last];
  if (!(x >= xs[0])) return ys[0];
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle] <= x) low = middle;
    else high = middle;
  }
  if (xs[low] === x) return ys[low];
  const slope = (ys[low + 1] - ys[low]) / (xs[low + 1] - xs[low]);
  return slope * (x - xs[low]) + ys[low];
}

/** The different numbers among some, ascending, and how many there are of each. */
export function distinctOf(values: Float32Array | Float64Array): {
  distinct: Float64Array;
  counts: Float64Array;
} {
  const sorted = values.slice().sort();
  const distinct: number[] = [];
  const counts: number[] = [];
  for (const value of sorted) {
    if (distinct.length && distinct[distinct.length - 1] === value) counts[counts.length - 1]++;
    else {
      distinct.push(value);
      counts.push(1);
    }
  }
  return { distinct: Float64Array.from(distinct), counts: Float64Array.from(counts) };
}

/** The quantile of ascending numbers, linear between two of them. */
export function quantile(ascending: ArrayLike<number>, share: number): number {
  const place = share * (ascending.length - 1);
  const below = Math.floor(place);
  const low = ascending[below];
  const high = ascending[Math.min(below + 1, ascending.length - 1)];
  const rest = place - below;
  return rest < 0.5 ? low + (high - low) * rest : high - (high - low) * (1 - rest);
}
