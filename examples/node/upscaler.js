// Upscaling of depth maps by one of dsdmsr's networks; the steps are those of docs/contract.md.
//
// A depth map is { height, width, values, valid }: numbers row by row, and which of them are valid.
import { InferenceSession, Tensor } from "onnxruntime-node";
import { enlargedValid, filled } from "./holes.js";
import { flatEnds, lonePixels } from "./outliers.js";
import { ValueScale, valueScale } from "./ranges.js";
import { leastFactor, sampled } from "./sizes.js";

/** Load a graph that `dsdmsr export --whole` wrote, and return the function that enlarges maps by it. */
export async function loadUpscaler(graph) {
  const session = await InferenceSession.create(graph).catch(() => {
    throw new Error(`${graph} cannot be loaded: write it with dsdmsr export --whole`);
  });

  /**
   * Return the larger map. Its numbers are between `least` and `greatest`; its `size`, height and
   * width, is by default the map's times the graph's factor.
   */
  return async function upscale(depth, { least = -Infinity, greatest = Infinity, size, phase = "centre" } = {}) {
    if (!depth.valid.some(Boolean)) throw new Error("no pixel of the map is valid: there is nothing to go by");
    const { height, width } = depth;
    const { values, scale, lone } = normalised(depth);

    const shares = Float32Array.from(values, (value) => scale.toShare(value));
    const { pred } = await session.run({ depth: new Tensor("float32", shares, [1, 1, height, width]) });
    const factor = pred.dims[2] / height;
    const goal = size ?? [factor * height, factor * width];
    const fitting = leastFactor(depth, goal);
    if (fitting !== factor) throw new Error(`the graph is for x${factor}: for this size, take that for x${fitting}`);

    const low = scale.values[0];
    let bottom = Math.max(least, scale.toValue(-0.1));
    if (low >= 0) bottom = Math.max(bottom, low / 2);
    const top = Math.min(greatest, scale.toValue(1.1));
    const flat = flatEnds(depth);
    const large = { height: factor * height, width: factor * width, valid: enlargedValid(depth, factor) };
    large.values = Float64Array.from(pred.data, (share, i) => {
      const [y, x] = [Math.floor(i / large.width), i % large.width];
      const from = Math.floor(y / factor) * width + Math.floor(x / factor);
      if (flat[from] || lone[from]) return depth.values[from];
      return Math.min(Math.max(scale.toValue(share), bottom), top);
    });
    return sampled(large, factor, goal, phase);
  };
}

/** Return a map's values without holes and lone pixels, the scale on which the network sees them, and the lone pixels. */
function normalised(depth) {
  let values = filled(depth);
  let lone = [];
  let scale = valueScale(values, 3);
  if (scale) {
    const shares = values.map((value) => scale.toShare(value));
    lone = lonePixels(depth, shares);
    values = filled({ ...depth, valid: depth.valid.map((flag, i) => flag && !lone[i]) });
    scale = valueScale(values, 8);
  }
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return { values, scale: scale ?? new ValueScale([low, high], [0, 1]), lone };
}
