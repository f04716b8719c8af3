/**
 * How a depth map was downsampled, found from its isolated steps.
 *
 * Where two flat surfaces meet, the pixels in between show how they came about. What an ideal step
 * becomes is known for each degradation; a small network weighs how near a map's steps come to it.
 */

import { readArrays } from "./files/npy.ts";
import { percent } from "./formatted.ts";
import { extremes } from "./numbers.ts";
import type { DepthMap, FoundDegradation, StepSource } from "./types.ts";
import { UpscaleError } from "./types.ts";

const SOURCES: readonly StepSource[] = ["bicubic", "area", "opencv_cubic", "samples", "other"];
const STEPS_MIN = 12;
const FOUND_FROM: Readonly<Record<StepSource, number>> = {
  bicubic: 0.6,
  area: 0.85,
  opencv_cubic: 0.85,
  samples: 0.85,
  other: Infinity,
};
const PATTERNS = 5;
const ARRAYS = 15;
/** Pixels of a profile: two flat ones at either end, and four with the step between them. */
const LENGTH = 8;
const STEPS_MAX = 1024;
/** Of the map's range, what counts as a step. */
const STEP = 0.04;
/** Of a step, what the two outermost pixels of either side differ by at most. */
const FLAT = Math.fround(0.08);
const LARGEST = 0.3;
const SMALL = 0.012;
const MEDIUM = 0.06;
const NEAREST = 1e-3;
const COUNT_SCALE = 5;

/** What an ideal step becomes by each source, and the network that weighs a map's steps. */
export interface DegradationWeights {
  readonly patterns: readonly Float32Array[];
  readonly layers: readonly Float32Array[];
}

/**
 * The weights in `find_degradation.npy`.
 *
 * @throws DepthFileError if it is damaged.
 */
export function readDegradationWeights(bytes: Uint8Array): DegradationWeights {
  const arrays = readArrays("find_degradation.npy", bytes);
  if (arrays.length !== ARRAYS) throw new UpscaleError("find_degradation.npy lacks arrays");
  return { patterns: arrays.slice(0, PATTERNS), layers: arrays.slice(PATTERNS) };
}

/** Which degradation a low-resolution map came by; null if too few steps tell. */
export function estimateDegradation(
  map: DepthMap,
  weights: DegradationWeights,
): FoundDegradation | null {
  const profiles = stepProfiles(map);
  if (profiles.length < STEPS_MIN) return null;
  const likely = likelyOf(profiles, weights);
  const probability = Math.max(...likely);
  const name = SOURCES[likely.indexOf(probability)];
  return {
    name: probability >= FOUND_FROM[name] ? name : null,
    probability,
    probabilities: Object.fromEntries(SOURCES.map((source, k) => [source, likely[k]])) as Record<
      StepSource,
      number
    >,
    steps: profiles.length,
  };
}

/** What to say of a map that looks sampled, unless the user said where pixels sit; else null. */
export function degradationLine(found: FoundDegradation | null): string | null {
  if (found?.name !== "samples") return null;
  return (
    `looks sampled (${percent(found.probability, 0)}): each pixel is taken to be in the ` +
    "middle of those that it becomes; choose the phase corner if it was every s-th pixel of a " +
    "larger map"
  );
}

/** The pixels across each isolated step of a map: 0 on one side, 1 on the other. */
function stepProfiles({ values, valid, height, width }: DepthMap): Float32Array[] {
  const [least, most] = extremes(values, valid);
  const span = Math.fround(most - least);
  if (!(span > 0)) return [];
  const rows = profilesAlong(values, valid, span, height, width, true);
  return [...rows, ...profilesAlong(values, valid, span, height, width, false)];
}

/** The steps along rows, or along columns. */
function profilesAlong(
  values: Float32Array,
  valid: Uint8Array,
  span: number,
  height: number,
  width: number,
  alongRows: boolean,
): Float32Array[] {
  const apart = alongRows ? 1 : width;
  const rows = alongRows ? height : height - LENGTH + 1;
  const columns = alongRows ? width - LENGTH + 1 : width;
  const largest = Math.fround(LARGEST * STEP * span);
  const found: Float32Array[] = [];
  const step = (at: number) => Math.fround(Math.abs(values[at + apart] - values[at]));
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const start = row * width + column;
      const here = step(start + 3 * apart);
      if (here < largest || here < step(start + 2 * apart) || here <= step(start + 4 * apart)) {
        continue;
      }
      const profile = profileAt(values, valid, span, start, apart);
      if (profile !== null) found.push(profile);
    }
  }
  if (found.length <= STEPS_MAX) return found;
  const every = (found.length - 1) / (STEPS_MAX - 1);
  return Array.from(
    { length: STEPS_MAX },
    (_, k) => found[k === STEPS_MAX - 1 ? found.length - 1 : Math.floor(k * every)],
  );
}

function profileAt(
  values: Float32Array,
  valid: Uint8Array,
  span: number,
  start: number,
  apart: number,
): Float32Array | null {
  const places = Array.from({ length: LENGTH }, (_, k) => start + k * apart);
  const pixels = places.map((place) => values[place]);
  const low = Math.fround(Math.fround(pixels[0] + pixels[1]) / 2);
  const high = Math.fround(Math.fround(pixels[6] + pixels[7]) / 2);
  const rise = Math.fround(high - low);
  const most = Math.fround(FLAT * Math.abs(rise));
  const kept =
    Math.abs(rise) >= Math.fround(STEP * span) &&
    Math.fround(Math.abs(pixels[1] - pixels[0])) <= most &&
    Math.fround(Math.abs(pixels[7] - pixels[6])) <= most &&
    places.every((place) => valid[place]);
  return kept ? Float32Array.from(pixels, (pixel) => Math.fround(pixel - low) / rise) : null;
}

/** What the network takes of a step: how far it is from its sides, and from ideal ones. */
function featuresOf(profile: Float32Array, patterns: readonly Float32Array[]): Float32Array {
  const away = Array.from(profile, (pixel, k) => {
    const from = k < LENGTH / 2 ? pixel : 1 - pixel;
    return Math.min(Math.max(from, -2), 2);
  });
  const far = patterns.map((of) => Math.log10(Math.fround(distance(profile, of)) + NEAREST) + 2);
  const nearest = Math.min(...far);
  return Float32Array.from([
    ...away.map((x) => Math.tanh(x / SMALL)),
    ...away.map((x) => Math.tanh(x / MEDIUM)),
    ...away,
    ...far,
    ...far.map((x) => x - nearest),
  ]);
}

/** A profile's distance from the nearest of some patterns, root mean square. */
function distance(profile: Float32Array, patterns: Float32Array): number {
  let nearest = Infinity;
  for (let first = 0; first < patterns.length; first += LENGTH) {
    let squared = 0;
    for (let k = 0; k < LENGTH; k++) squared += (profile[k] - patterns[first + k]) ** 2;
    nearest = Math.min(nearest, squared);
  }
  return Math.sqrt(nearest / LENGTH);
}

/** A layer's outputs: inputs · weights + bias. */
function layer(inputs: ArrayLike<number>, weights: Float32Array, bias: Float32Array): Float64Array {
  const outputs = Float64Array.from(bias);
  for (let k = 0; k < inputs.length; k++) {
    for (let n = 0; n < outputs.length; n++) outputs[n] += inputs[k] * weights[k * bias.length + n];
  }
  return outputs;
}

const relu = (x: number) => Math.max(x, 0);

/**
 * The probability of each source: each step's own network, a weighted mean, and another network
 * (Zaheer et al.: "Deep sets", NeurIPS 2017; Ilse, Tomczak, Welling, ICML 2018).
 */
function likelyOf(
  profiles: readonly Float32Array[],
  { patterns, layers }: DegradationWeights,
): number[] {
  const [first, bias1, weigh, biasW, second, bias2, third, bias3, last, bias4] = layers;
  const mean = new Float64Array(bias2.length);
  let total = 0;
  for (const profile of profiles) {
    const hidden = layer(featuresOf(profile, patterns), first, bias1).map(relu);
    const weight = 1 / (1 + Math.exp(-layer(hidden, weigh, biasW)[0]));
    total += weight;
    layer(hidden, second, bias2).forEach((x, k) => (mean[k] += relu(x) * weight));
  }
  const pooled = [...mean.map((x) => x / (total + NEAREST)), Math.log1p(total) / COUNT_SCALE];
  const scores = layer(layer(pooled, third, bias3).map(relu), last, bias4);
  const most = Math.max(...scores);
  const likely = Array.from(scores, (score) => Math.exp(score - most));
  const sum = likely.reduce((all, one) => all + one);
  return likely.map((one) => one / sum);
}
