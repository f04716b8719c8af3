/**
 * A scale of a map's values on which wide gaps are short, and what crowds together has room.
 *
 * A network errs by a share of the range that it sees. Where a wall at 2 m stands before a
 * background at 1000 m, or beside a single wrong pixel at 65 m, that share would be metres.
 */

import {
  cumulative,
  distinctOf,
  extremes,
  interpolated,
  pairwiseSum,
  searchSorted,
} from "./numbers.ts";

/** Pixels behind a gap of more than so many times the range that others cover may be wrong ones. */
export const APART = 3;
const WIDE = 8;
const GAPS_MAX = 8;
const SHORT = 0.5;
const GUARD = 0.2;
const CROWD_SHARE = 0.1;
const CROWD_WITHIN = 1 / 50;
const CROWD_MIN = 16;
const ROOM = 1 / 3;
const STEPS = 64;
const SAMPLE = 4096;
const SURELY = 0.75;

/** Distances `start` to `stop`, the last not included. */
interface Crowd {
  readonly start: number;
  readonly stop: number;
}

/** A piecewise linear scale of a map's values. */
export class ValueScale {
  private readonly values: Float64Array;
  private readonly shares: Float64Array;
  private readonly first: number;
  private readonly last: number;

  /** Ascending values of the map, and what they become: from 0 for its least to 1. */
  constructor(values: Float64Array, shares: Float64Array) {
    this.values = values;
    this.shares = shares;
    const end = values.length - 1;
    this.first = (values[1] - values[0]) / (shares[1] - shares[0]);
    this.last = (values[end] - values[end - 1]) / (shares[end] - shares[end - 1]);
  }

  toShare(value: number): number {
    return interpolated(value, this.values, this.shares);
  }

  /** A share as a value; beyond 0 and 1 the last pieces go on. */
  toValue(share: number): number {
    const inside = interpolated(share, this.shares, this.values);
    const beyond = this.first * Math.min(share, 0) + this.last * Math.max(share - 1, 0);
    return inside + beyond;
  }
}

/**
 * The scale for a map whose range is wide beside its surfaces; null for all others.
 *
 * @param values The map's values.
 * @param shares The same values in 0…1.
 * @param wide From how many times the range besides on a gap is wide.
 */
export function valueScale(
  values: Float32Array,
  shares: Float32Array,
  wide = WIDE,
): ValueScale | null {
  const [low, high] = extremes(values);
  if (low === high || !mayBeWide(shares, wide)) return null;
  const { distinct, counts } = distinctOf(values);
  const lengths = differences(distinct);
  const gaps = new Set(shorten(lengths, wide));
  const crowd = crowdOf(lengths, counts, CROWD_SHARE, CROWD_MIN);
  const stretch = crowd === null ? 1 : giveRoom(lengths, crowd);
  if (stretch === 1 && !gaps.size) return null;
  const slopes = new Float64Array(lengths.length + 2).fill(1);
  if (crowd !== null && stretch > 1) {
    slopes.fill(stretch, 1 + crowd.start, 1 + crowd.stop);
    for (const beside of [crowd.start - 1, crowd.stop]) {
      if (0 <= beside && beside < lengths.length) gaps.add(beside);
    }
  }
  return withGuards(
    distinct,
    lengths,
    [...gaps].sort((a, b) => a - b),
    slopes,
  );
}

function differences(ascending: Float64Array): Float64Array {
  return Float64Array.from(ascending.subarray(1), (value, k) => value - ascending[k]);
}

/** Whether values in 0…1 may have wide gaps or crowds, by a sample of them. */
function mayBeWide(shares: Float32Array, wide: number): boolean {
  // An odd step, so that it meets all columns of most maps.
  const step = Math.floor(shares.length / SAMPLE) | 1;
  const sample: number[] = [];
  for (let k = 0; k < shares.length; k += step) sample.push(shares[k]);
  const { distinct, counts } = distinctOf(Float64Array.from([...sample, 0, 1]));
  const lengths = differences(distinct);
  if (wideGaps(lengths, wide).wide.length) return true;
  const least = Math.round(CROWD_MIN * SURELY);
  return crowdOf(lengths, counts, CROWD_SHARE * SURELY, least) !== null;
}

/** The largest distances, which of them are wide, and what is left without each. */
function wideGaps(lengths: Float64Array, factor: number) {
  const largest = [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a]).slice(0, GAPS_MAX);
  const whole = pairwiseSum(lengths);
  const without = cumulative(largest.map((k) => lengths[k]));
  const left = largest.map((_, k) => whole - without[k + 1]);
  // Two values alone, as in a label map, have a gap but no range besides.
  const wide = [...largest.keys()].filter(
    (k) => lengths[largest[k]] > factor * left[k] && left[k] > 1e-9 * whole,
  );
  return { largest, wide, left };
}

/** Shorten the distances between values that are wide by a factor; return which they are. */
function shorten(lengths: Float64Array, factor: number): number[] {
  const { largest, wide, left } = wideGaps(lengths, factor);
  for (const last of wide.reverse()) {
    const gaps = largest.slice(0, last + 1);
    const length = Math.max(SHORT * left[last], STEPS * extremes(lengths)[0] - left[last]);
    if (factor * length < Math.min(...gaps.map((k) => lengths[k]))) {
      for (const gap of gaps) lengths[gap] = length;
      return gaps;
    }
  }
  return [];
}

/**
 * Which distances lie within a crowd of pixels, if there is one.
 *
 * It grows from the narrowest window with so many pixels, by neighbours that are no further away
 * than it is wide.
 */
function crowdOf(
  lengths: Float64Array,
  counts: Float64Array,
  share: number,
  least: number,
): Crowd | null {
  const ends = cumulative(lengths);
  const before = cumulative(counts);
  const all = before[before.length - 1];
  let start = -1;
  let end = -1;
  let narrowest = Infinity;
  for (let first = 0; first < counts.length; first++) {
    const last = searchSorted(before, before[first] + share * all) - 1;
    if (last >= ends.length) continue;
    const width = ends[last] - ends[first] || Infinity;
    if (start < 0 || width < narrowest) [start, end, narrowest] = [first, last, width];
  }
  const most = CROWD_WITHIN * ends[ends.length - 1];
  let width = ends[end] - ends[start];
  while (width < most) {
    const down = start > 0 && ends[start] - ends[start - 1] <= width;
    const up = end + 1 < ends.length && ends[end + 1] - ends[end] <= width;
    if (!down && !up) break;
    start -= Number(down);
    end += Number(up);
    width = ends[end] - ends[start];
  }
  return 0 < width && width < most && end - start >= least ? { start, stop: end } : null;
}

/** Stretch the distances within a crowd, and the gaps beside it; return by how many times. */
function giveRoom(lengths: Float64Array, crowd: Crowd): number {
  const within = lengths.subarray(crowd.start, crowd.stop);
  const width = pairwiseSum(within);
  const whole = pairwiseSum(lengths);
  let room = (ROOM / (1 - ROOM)) * (whole - width);
  room = Math.min(room, ((width / extremes(within)[1]) * whole) / STEPS);
  if (room <= width) return 1;
  for (let k = 0; k < within.length; k++) within[k] *= room / width;
  for (const beside of [crowd.start - 1, crowd.stop]) {
    if (0 <= beside && beside < lengths.length) {
      lengths[beside] = Math.max(lengths[beside], room / 3);
    }
  }
  return room / width;
}

/** The scale of values at given distances, with guards at both ends of gaps. */
function withGuards(
  ends: Float64Array,
  lengths: Float64Array,
  gaps: readonly number[],
  slopes: Float64Array,
): ValueScale {
  const shares = cumulative(lengths);
  const lower: [number, number][] = [];
  const upper: [number, number][] = [];
  for (const gap of gaps) {
    const guard = GUARD * lengths[gap];
    // Where a gap was stretched, too, its ends change no faster than its middle.
    const most = GUARD * (ends[gap + 1] - ends[gap]);
    lower.push([ends[gap] + Math.min(guard / slopes[gap], most), shares[gap] + guard]);
    upper.push([ends[gap + 1] - Math.min(guard / slopes[gap + 2], most), shares[gap + 1] - guard]);
  }
  const points = Array.from(ends, (value, k): [number, number] => [value, shares[k]]);
  points.push(...lower, ...upper);
  points.sort((a, b) => a[0] - b[0]);
  const whole = shares[shares.length - 1];
  return new ValueScale(
    Float64Array.from(points, (point) => point[0]),
    Float64Array.from(points, (point) => point[1] / whole),
  );
}
