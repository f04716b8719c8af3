// Pixels of which no more is known than their value: lone ones, and those of flat ends.

/** Return the places of the valid pixels around one. */
function around({ height, width, valid }, place) {
  const [y, x] = [Math.floor(place / width), place % width];
  const places = [];
  for (let row = Math.max(y - 1, 0); row <= Math.min(y + 1, height - 1); row++)
    for (let column = Math.max(x - 1, 0); column <= Math.min(x + 1, width - 1); column++) {
      const beside = row * width + column;
      if (beside !== place && valid[beside]) places.push(beside);
    }
  return places;
}

/**
 * Return which pixels differ by a tenth or more from all valid ones around them, as wrong pixels of
 * depth cameras do; none, if they are more than a twentieth. Wide ranges in the contract.
 */
export function lonePixels(depth, shares) {
  const lone = depth.valid.map((flag, i) => {
    if (!flag) return false;
    const beside = around(depth, i);
    return beside.length >= 3 && beside.every((other) => Math.abs(shares[i] - shares[other]) >= 0.1);
  });
  const count = (flags) => flags.filter(Boolean).length;
  return 20 * count(lone) > count(depth.valid) ? lone.map(() => false) : lone;
}

/**
 * Return which pixels have the least or the greatest value, as all valid ones around them do. Step 7
 * of the contract.
 */
export function flatEnds(depth) {
  const { values, valid } = depth;
  let [low, high] = [Infinity, -Infinity];
  values.forEach((value, i) => {
    if (valid[i]) [low, high] = [Math.min(low, value), Math.max(high, value)];
  });
  const flat = valid.map(() => false);
  for (const end of [low, high]) {
    const here = valid.map((flag, i) => flag && values[i] === end);
    if (100 * here.filter(Boolean).length < here.length) continue;
    here.forEach((itself, i) => {
      if (itself && around(depth, i).every((beside) => here[beside])) flat[i] = true;
    });
  }
  return flat;
}
