// Holes of depth maps, steps 3 and 8 of the contract.

/**
 * Give each invalid pixel the value of the nearest valid one. Of several as near, the one in the
 * nearest column counts, the left one before the right one, the upper one before the lower one.
 */
export function filled({ height, width, values, valid }) {
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

/**
 * Return what is valid of a map `scale` times as large: where the linear interpolation of 0 and 1 is
 * above one half. Weights are in units of 1 / (2 · scale), so that halves are exact.
 */
export function enlargedValid({ height, width, valid }, scale) {
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
