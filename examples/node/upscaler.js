// Upscaling of depth maps by one of dsdmsr's networks; the steps are those of docs/contract.md.
//
// A depth map is { height, width, values, valid }: numbers row by row, and which of them are valid.
import { InferenceSession, Tensor } from "onnxruntime-node";

/** Load a graph that `dsdmsr export --whole` wrote, and return the function that enlarges maps by it. */
export async function loadUpscaler(graph) {
  const session = await InferenceSession.create(graph).catch(() => {
    throw new Error(`${graph} cannot be loaded: write it with dsdmsr export --whole`);
  });

  /** Return the larger map; its numbers are between `least` and `greatest`. */
  return async function upscale(depth, { least = -Infinity, greatest = Infinity } = {}) {
    if (!depth.valid.some(Boolean)) throw new Error("no pixel of the map is valid: there is nothing to go by");
    const { height, width } = depth;
    const values = filled(depth);
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
    const span = high - low;

    // The network sees shares of the range; a constant is 0 everywhere.
    const shares = Float32Array.from(values, (value) => (value - low) / (span || 1));
    const { pred } = await session.run({ depth: new Tensor("float32", shares, [1, 1, height, width]) });
    const scale = pred.dims[2] / height;

    let bottom = Math.max(least, low - 0.1 * span);
    if (low >= 0) bottom = Math.max(bottom, low / 2);
    const top = Math.min(greatest, high + 0.1 * span);
    const flatLow = flat(depth, low);
    const flatHigh = flat(depth, high);
    const large = { height: scale * height, width: scale * width, valid: enlarged(depth, scale) };
    large.values = Float64Array.from(pred.data, (share, i) => {
      const [y, x] = [Math.floor(i / large.width), i % large.width];
      const from = Math.floor(y / scale) * width + Math.floor(x / scale);
      if (flatLow[from] || flatHigh[from]) return depth.values[from];
      return Math.min(Math.max(low + span * share, bottom), top);
    });
    return large;
  };
}

/**
 * Give each invalid pixel the value of the nearest valid one. Of several as near, the one in the
 * nearest column counts, the left one before the right one, the upper one before the lower one.
 */
function filled({ height, width, values, valid }) {
  // The row of the nearest valid pixel of the same column; infinite if there is none.
  const source = new Float64Array(height * width);
  for (let x = 0; x < width; x++) {
    let [above, below] = [-Infinity, Infinity];
    for (let y = 0; y < height; y++) {
      if (valid[y * width + x]) above = y;
      source[y * width + x] = above;
    }
    for (let y = height - 1; y >= 0; y--) {
      if (valid[y * width + x]) below = y;
      if (below - y < y - source[y * width + x]) source[y * width + x] = below;
    }
  }
  const result = Float64Array.from(values);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (valid[y * width + x]) continue;
      let best = Infinity;
      for (let step = 0; step < width && step ** 2 < best; step++)
        for (const column of [x - step, x + step]) {
          if (column < 0 || column >= width) continue;
          const row = source[y * width + column];
          const distance = (row - y) ** 2 + step ** 2;
          if (distance >= best) continue;
          best = distance;
          result[y * width + x] = values[row * width + column];
        }
    }
  return result;
}

/** Return which pixels have a given value, as all around them do, if a hundredth of the map has it. */
function flat({ height, width, values, valid }, end) {
  const here = Array.from(values, (value, i) => valid[i] && value === end);
  if (100 * here.filter(Boolean).length < here.length) return [];
  return here.map((itself, i) => {
    if (!itself) return false;
    const [y, x] = [Math.floor(i / width), i % width];
    for (let row = Math.max(y - 1, 0); row <= Math.min(y + 1, height - 1); row++)
      for (let column = Math.max(x - 1, 0); column <= Math.min(x + 1, width - 1); column++)
        if (valid[row * width + column] && !here[row * width + column]) return false;
    return true;
  });
}

/**
 * Return what is valid of a map `scale` times as large: where the linear interpolation of 0 and 1 is
 * above one half. Weights are in units of 1 / (2 · scale), so that halves are exact.
 */
function enlarged({ height, width, valid }, scale) {
  const unit = 2 * scale;
  // The two pixels around a place along an axis, and their weights.
  const around = (place, size) => {
    const from = 2 * place + 1 + scale; // from the centre of the pixel before the first
    const [first, rest] = [Math.floor(from / unit) - 1, from % unit];
    return [
      [Math.max(first, 0), unit - rest],
      [Math.min(first + 1, size - 1), rest],
    ];
  };
  const columns = Array.from({ length: scale * width }, (_, x) => around(x, width));
  return Array.from({ length: scale * height }, (_, y) => around(y, height)).flatMap((rows) =>
    columns.map((pair) => {
      let sum = 0;
      for (const [row, down] of rows) for (const [column, right] of pair) sum += valid[row * width + column] * down * right;
      return 2 * sum > unit ** 2;
    }),
  );
}

/**
 * Return whether a map has a gap between values that is wide beside the range that they cover, for
 * which the contract has a step that is left out here.
 */
export function hasWideGap({ values, valid }) {
  const sorted = Float64Array.from(values.filter((_, i) => valid[i])).sort();
  const gaps = sorted.subarray(1).map((value, i) => value - sorted[i]).sort().reverse();
  const span = sorted.at(-1) - sorted[0];
  let left = span;
  return gaps.subarray(0, 8).some((gap) => {
    left -= gap;
    return gap > 8 * left && left > 1e-9 * span;
  });
}
