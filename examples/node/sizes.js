// Other sizes than a factor's, and other phases.

export const PHASES = ["centre", "corner", "aligned"];

/** Return the least factor that reaches a size. Fails if none does, or the size isn't larger than the map. */
export function leastFactor(depth, [height, width]) {
  const inside = height >= depth.height && width >= depth.width && height + width > depth.height + depth.width;
  const factor = [2, 4, 8, 16].find((each) => each * depth.height >= height && each * depth.width >= width);
  if (!inside || !factor)
    throw new Error(
      `size is ${width}x${height} for a map of ${depth.width}x${depth.height}: ` +
        `allowed is what is larger, up to ${16 * depth.width}x${16 * depth.height}`,
    );
  return factor;
}

/**
 * Return the old pixels, with how far from their centres, that a new one's centre lies in or touches
 * along an axis: one, or two where it lies between pixels.
 */
function sides(i, old, wanted, factor, phase) {
  const pixels = old / factor;
  const aligned = phase === "aligned" && Math.min(pixels, wanted) > 1;
  // The centre in whole units, of which an old pixel has `unit`.
  const unit = 2 * (aligned ? wanted - 1 : wanted);
  let centre = (2 * i + 1) * old;
  if (phase === "corner") centre = 2 * i * old + factor * wanted;
  if (aligned) centre = 2 * i * factor * (pixels - 1) + factor * (wanted - 1);
  centre = Math.min(centre, unit * old - unit / 2);
  const [pixel, rest] = [Math.floor(centre / unit), centre % unit];
  if (rest) return [[pixel, rest / unit - 0.5]];
  return [
    [pixel - 1, 0.5],
    [pixel, -0.5],
  ];
}

/**
 * Return a slope at one of `count` pixels, which are `apart`: the smaller one of those to both
 * neighbours, 0 if one rises and one falls, or the pixel is an outermost one.
 */
function slope(values, at, apart, place, count) {
  if (place === 0 || place === count - 1) return 0;
  const [back, ahead] = [values[at] - values[at - apart], values[at + apart] - values[at]];
  if (back * ahead <= 0) return 0;
  return Math.abs(back) < Math.abs(ahead) ? back : ahead;
}

/** Return what a network gave for a map, `large`, as a map of the size and phase wanted. */
export function sampled(large, factor, [height, width], phase) {
  const rows = Array.from({ length: height }, (_, y) => sides(y, large.height, height, factor, phase));
  const columns = Array.from({ length: width }, (_, x) => sides(x, large.width, width, factor, phase));
  const result = { height, width, values: new Float64Array(height * width).fill(Infinity), valid: [] };
  rows.forEach((downs, y) =>
    columns.forEach((rights, x) => {
      let valid = true;
      for (const [row, down] of downs)
        for (const [column, right] of rights) {
          const at = row * large.width + column;
          const rise =
            down * slope(large.values, at, large.width, row, large.height) +
            right * slope(large.values, at, 1, column, large.width);
          result.values[y * width + x] = Math.min(result.values[y * width + x], large.values[at] + rise);
          valid &&= large.valid[at];
        }
      result.valid.push(valid);
    }),
  );
  return result;
}
