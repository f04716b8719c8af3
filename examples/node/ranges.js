// Scales of a map's values; wide ranges in the contract.

const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

/** Return 0 and the sums of the first one, two, … numbers. */
function cumulative(numbers) {
  const sums = [0];
  for (const number of numbers) sums.push(sums.at(-1) + number);
  return sums;
}

/** Return the number of ascending numbers that are below `x`. */
function below(numbers, x) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A piecewise linear scale: what its ascending values become, from 0 to 1. The outermost pieces go on. */
export class ValueScale {
  constructor(values, shares) {
    this.values = values;
    this.shares = shares;
  }

  toShare(value) {
    return line(value, this.values, this.shares);
  }

  toValue(share) {
    return line(share, this.shares, this.values);
  }
}

function line(x, xs, ys) {
  const after = Math.min(Math.max(below(xs, x), 1), xs.length - 1);
  const [run, rise] = [xs[after] - xs[after - 1], ys[after] - ys[after - 1]];
  return ys[after - 1] + (run > 0 ? ((x - xs[after - 1]) / run) * rise : 0);
}

/** Shorten the gaps that are wide among a map's distances between values; return which they are. */
function shorten(lengths, wide) {
  const order = [...lengths.keys()].sort((a, b) => lengths[b] - lengths[a]);
  const [whole, least] = [sum(lengths), lengths[order.at(-1)]];
  for (let count = Math.min(8, order.length); count > 0; count--) {
    const gaps = order.slice(0, count);
    const left = whole - sum(gaps.map((gap) => lengths[gap]));
    const length = Math.max(left / 2, 64 * least - left);
    // Two values alone have a gap, but no range besides.
    if (left <= 1e-9 * whole || lengths[gaps.at(-1)] <= wide * Math.max(left, length)) continue;
    for (const gap of gaps) lengths[gap] = length;
    return gaps;
  }
  return [];
}

/** Return the first and the last value of a crowd of pixels; the same, if there is none. */
function crowdOf(lengths, counts) {
  const [ends, before] = [cumulative(lengths), cumulative(counts)];
  let [start, end, width] = [0, 0, ends.at(-1)];
  for (let first = 0; first < counts.length; first++) {
    const last = below(before, before[first] + 0.1 * before.at(-1)) - 1;
    if (last >= ends.length || last === first || ends[last] - ends[first] >= width) continue;
    [start, end, width] = [first, last, ends[last] - ends[first]];
  }
  const most = ends.at(-1) / 50;
  while (start < end && width < most) {
    const down = start > 0 && lengths[start - 1] <= width;
    const up = end < lengths.length && lengths[end] <= width;
    if (!down && !up) break;
    if (down) start--;
    if (up) end++;
    width = ends[end] - ends[start];
  }
  return width < most && end - start >= 16 ? [start, end] : [start, start];
}

/**
 * Stretch the distances within a crowd to a third of the whole, and the gaps beside it to a third of
 * that; return by how many times, 1 if there is no crowd, or it has its room.
 */
function giveRoom(lengths, start, end) {
  if (start === end) return 1;
  const within = lengths.slice(start, end);
  const [whole, width] = [sum(lengths), sum(within)];
  const steps = width / within.reduce((most, each) => Math.max(most, each));
  const room = Math.min((whole - width) / 2, (steps * whole) / 64);
  if (room <= width) return 1;
  for (let k = start; k < end; k++) lengths[k] *= room / width;
  for (const beside of [start - 1, end])
    if (beside in lengths) lengths[beside] = Math.max(lengths[beside], room / 3);
  return room / width;
}

/**
 * Return the scale on which gaps of more than `wide` times the range besides are short, and what
 * crowds together has room; null, if there is neither.
 */
export function valueScale(values, wide) {
  const [ends, counts] = [[], []];
  for (const value of Float64Array.from(values).sort()) {
    if (ends.at(-1) !== value) {
      ends.push(value);
      counts.push(0);
    }
    counts[counts.length - 1]++;
  }
  if (ends.length === 1) return null;
  const lengths = ends.slice(1).map((value, k) => value - ends[k]);
  const gaps = new Set(shorten(lengths, wide));
  const [start, end] = crowdOf(lengths, counts);
  const stretch = giveRoom(lengths, start, end);
  if (stretch > 1) for (const beside of [start - 1, end]) if (beside in lengths) gaps.add(beside);
  if (!gaps.size) return null;

  // At both ends of a gap, values change as slowly as beside it, and not faster than in it.
  const stretched = (k) => (start <= k && k < end ? stretch : 1);
  const places = cumulative(lengths);
  const points = ends.flatMap((value, k) => {
    if (!gaps.has(k)) return [[value, places[k]]];
    const [guard, most] = [0.2 * lengths[k], 0.2 * (ends[k + 1] - value)];
    return [
      [value, places[k]],
      [value + Math.min(guard / stretched(k - 1), most), places[k] + guard],
      [ends[k + 1] - Math.min(guard / stretched(k + 1), most), places[k + 1] - guard],
    ];
  });
  return new ValueScale(
    points.map(([value]) => value),
    points.map(([, place]) => place / places.at(-1)),
  );
}
