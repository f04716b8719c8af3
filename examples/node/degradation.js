// The degradation, found from the map.
import { readNpy } from "./npy.js";

/** Return the isolated steps along rows, or along columns, as they go from 0 to 1. */
function profiles({ height, width, values, valid }, span, alongRows) {
  const [rows, columns, apart] = alongRows ? [height, width - 7, 1] : [height - 7, width, width];
  const found = [];
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const places = Array.from({ length: 8 }, (_, k) => y * width + x + k * apart);
      const pixels = places.map((place) => values[place]);
      const steps = pixels.slice(1).map((value, k) => Math.abs(value - pixels[k]));
      if (!places.every((place) => valid[place])) continue;
      if (steps[3] < 0.012 * span || steps[3] < steps[2] || steps[3] <= steps[4]) continue;
      const [low, high] = [(pixels[0] + pixels[1]) / 2, (pixels[6] + pixels[7]) / 2];
      const rise = Math.abs(high - low);
      if (rise < 0.04 * span || Math.max(steps[0], steps[6]) > 0.08 * rise) continue;
      found.push(pixels.map((pixel) => (pixel - low) / (high - low)));
    }
  const most = 1024;
  if (found.length <= most) return found;
  return Array.from({ length: most }, (_, k) => found[Math.floor((k * (found.length - 1)) / (most - 1))]);
}

/** Return the distance of a profile from the nearest of some patterns, root mean square. */
function distance(profile, { values }) {
  let nearest = Infinity;
  for (let row = 0; row < values.length; row += 8) {
    const squared = profile.reduce((all, pixel, k) => all + (pixel - values[row + k]) ** 2, 0);
    nearest = Math.min(nearest, squared);
  }
  return Math.sqrt(nearest / 8);
}

/** Return what the network takes of a step: how far it is from its sides, and from ideal steps. */
function features(profile, patterns) {
  const away = profile.map((pixel, k) => Math.min(Math.max(k < 4 ? pixel : 1 - pixel, -2), 2));
  const far = patterns.map((each) => Math.log10(distance(profile, each) + 0.001) + 2);
  const least = Math.min(...far);
  const scaled = [0.012, 0.06].flatMap((scale) => away.map((x) => Math.tanh(x / scale)));
  return [...scaled, ...away, ...far, ...far.map((x) => x - least)];
}

/** Return inputs · weights + bias. */
function layer(inputs, weights, bias) {
  const outputs = Array.from(bias.values);
  if (weights.values.length !== inputs.length * outputs.length)
    throw new Error("find_degradation.npy has arrays of other sizes");
  inputs.forEach((input, k) => {
    for (let n = 0; n < outputs.length; n++) outputs[n] += input * weights.values[k * outputs.length + n];
  });
  return outputs;
}

const relu = (numbers) => numbers.map((x) => Math.max(x, 0));

/**
 * Return how probable it is that a map was downsampled by antialiased bicubic interpolation; 0 if too
 * few steps show it. The weights are those in find_degradation.npy.
 */
export function bicubicProbability(depth, weights) {
  const stored = readNpy(weights);
  if (stored.length !== 15) throw new Error(`${weights} has not 15 arrays`);
  let [low, high] = [Infinity, -Infinity];
  depth.values.forEach((value, i) => {
    if (depth.valid[i]) [low, high] = [Math.min(low, value), Math.max(high, value)];
  });
  const steps = [true, false].flatMap((alongRows) => profiles(depth, high - low, alongRows));
  if (steps.length < 12) return 0;

  // A weighted mean of what one network gives for each step, and then another network.
  const [patterns, network] = [stored.slice(0, 5), stored.slice(5)];
  const [first, bias1, weigh, biasW, second, bias2, third, bias3, last, bias4] = network;
  const mean = Array(bias2.values.length).fill(0);
  let total = 0;
  for (const profile of steps) {
    const hidden = relu(layer(features(profile, patterns), first, bias1));
    const weight = 1 / (1 + Math.exp(-layer(hidden, weigh, biasW)[0]));
    relu(layer(hidden, second, bias2)).forEach((x, n) => (mean[n] += weight * x));
    total += weight;
  }
  const pooled = [...mean.map((x) => x / (total + 0.001)), Math.log1p(total) / 5];
  const scores = layer(relu(layer(pooled, third, bias3)), last, bias4);
  // Of bicubic, which is the first.
  return 1 / scores.reduce((all, score) => all + Math.exp(score - scores[0]), 0);
}
