/** Colours of values and errors: one scale for several maps, and the bar that explains it. */

import type { DepthMap, Kind, Unit } from "../engine/index.ts";
import { type Colour, facts } from "./embedded.ts";
import { numberTexts, threeDigits } from "./numbers.ts";

const PERCENTILES = [0.005, 0.995];
const SAMPLE = 1_000_000;
const STOPS = 257;
const LIGHT = [-0.5, -0.5, Math.SQRT1_2];
const STEEP_SHARE = 0.75;
const STEEP = 0.6;

/** Which values get which colours. */
export interface Scale {
  readonly colours: readonly Colour[];
  readonly low: number;
  readonly high: number;
  /** Whether some values are beyond an end, and have its colour. */
  readonly below: boolean;
  readonly above: boolean;
  /** Whether the first colour is that of `high`. */
  readonly reversed: boolean;
  /** What the values are, and their unit. */
  readonly meaning: string;
  /** Values at equal distances along the colours, where these are not spread evenly. */
  readonly stops?: Float32Array;
}

/** Whether larger values are nearer to the viewer. */
export const isNearer = (kind: Kind): boolean => kind !== "depth";

const UNIT_SIGNS: Record<string, string> = { m: " m", px: " px", level: " levels" };
/** A unit as it stands behind a number. */
export const unitSign = (unit: Unit): string => (unit === null ? "" : UNIT_SIGNS[unit]);

const unitWords = (unit: Unit): string =>
  unit === null ? "unit unknown" : { m: "metres", px: "pixels", level: "grey levels" }[unit];

/** What a map's values are, and their unit. */
export function meaningOf(kind: Kind, unit: Unit): string {
  return `${kind.replace("_", " ")}${unit === null ? ", " : " in "}${unitWords(unit)}`;
}

/**
 * Returns the scale of a map's values, from the least to the greatest.
 *
 * Where few values at one end would take up half of it, it ends at a percentile.
 */
export function valueScale(map: DepthMap): Scale {
  const sorted = sample(map);
  const { low, high } = rangeOf(map);
  const [first, last] = PERCENTILES.map((share) => quantile(sorted, share));
  const below = first - low > last - first && last > first;
  const above = high - last > last - first && last > first;
  return {
    colours: facts.colours.values,
    low: below ? first : low,
    high: above ? last : high,
    below,
    above,
    reversed: !isNearer(map.kind),
    meaning: meaningOf(map.kind, map.unit),
  };
}

/** Returns a scale that gives an equal share of its colours to each share of a map's pixels. */
export function spread(scale: Scale, map: DepthMap): Scale {
  const sorted = sample(map);
  const stops = Float32Array.from({ length: STOPS }, (_, i) => quantile(sorted, i / (STOPS - 1)));
  const ends = { low: stops[0], high: stops[STOPS - 1], below: false, above: false };
  return { ...scale, ...ends, stops, meaning: `${scale.meaning}, colours by rank` };
}

/** Returns the scale of errors, from 0 to their percentile 99 in the worst of some maps. */
export function errorScale(maps: readonly DepthMap[], meaning: string): Scale {
  const ends = maps.map((map) => quantile(sample(map), 0.99));
  const most = Math.max(...maps.map((map) => rangeOf(map).high), 0);
  const high = Math.max(...ends, 0) || most || 1;
  return {
    colours: facts.colours.errors,
    low: 0,
    high,
    below: false,
    above: most > high,
    reversed: false,
    meaning: `${meaning}${maps[0].unit === null ? "" : ` in ${unitWords(maps[0].unit)}`}`,
  };
}

/** The least and greatest valid value; both 0 if there is none. */
export function rangeOf(map: DepthMap): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < map.values.length; i++) {
    if (!map.valid[i]) continue;
    if (map.values[i] < low) low = map.values[i];
    if (map.values[i] > high) high = map.values[i];
  }
  return low > high ? { low: 0, high: 0 } : { low, high };
}

function sample(map: DepthMap): Float32Array {
  const values = map.values.filter((_, i) => map.valid[i]);
  const step = Math.ceil(values.length / SAMPLE);
  return (step > 1 ? values.filter((_, i) => i % step === 0) : values).sort();
}

function quantile(sorted: Float32Array, share: number): number {
  if (!sorted.length) return 0;
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = sorted[Math.min(below + 1, sorted.length - 1)];
  return sorted[below] + (above - sorted[below]) * (place - below);
}

/** Where a value lies among a scale's colours, 0…1. */
export function shareOf(scale: Scale, value: number): number {
  const span = scale.high - scale.low;
  const share = scale.stops ? rank(scale.stops, value) : span > 0 ? Math.min(1, Math.max(0, (value - scale.low) / span)) : 0.5;
  return scale.reversed ? 1 - share : share;
}

/** Where a value lies among sorted ones, 0…1; in the middle of those that equal it. */
function rank(stops: Float32Array, value: number): number {
  const below = firstAtLeast(stops, value, false);
  const above = firstAtLeast(stops, value, true);
  if (below < above) return (below + above - 1) / 2 / (stops.length - 1);
  if (below === 0 || below === stops.length) return below ? 1 : 0;
  const [low, high] = [stops[below - 1], stops[below]];
  return (below - 1 + (value - low) / (high - low)) / (stops.length - 1);
}

/** The first of sorted numbers that is at least a value, or above it. */
function firstAtLeast(sorted: Float32Array, value: number, above: boolean): number {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle] < value || (above && sorted[middle] === value)) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** The colour of a value. */
function colourOf(scale: Scale, value: number): Colour {
  return scale.colours[Math.round(shareOf(scale, value) * (scale.colours.length - 1))];
}

/** Red, green and blue of each valid pixel of a map. */
export function coloursOf(map: DepthMap, scale: Scale): Uint8Array {
  const colours = new Uint8Array(3 * map.values.length);
  map.values.forEach((value, i) => {
    if (map.valid[i]) colours.set(colourOf(scale, value), 3 * i);
  });
  return colours;
}

/** Paints a map onto a canvas of its size, a pixel for each. */
export function paint(canvas: HTMLCanvasElement, map: DepthMap, scale: Scale): void {
  paintPixels(canvas, map, (i) => colourOf(scale, map.values[i]));
}

/** Paints maps as surfaces lit from the upper left, their slopes exaggerated alike. */
export function paintRelief(
  canvases: readonly HTMLCanvasElement[],
  maps: readonly DepthMap[],
): void {
  const exaggeration = steepness(maps[maps.length - 1]);
  maps.forEach((map, index) => {
    const sign = (isNearer(map.kind) ? 1 : -1) * exaggeration;
    const grey: [number, number, number] = [0, 0, 0];
    paintPixels(canvases[index], map, (i) => {
      const right = sign * slope(map, i, 1);
      const down = sign * slope(map, i, map.width);
      const lit = LIGHT[2] - right * LIGHT[0] - down * LIGHT[1];
      const bright = Math.max(0, lit) / Math.sqrt(1 + right * right + down * down);
      grey.fill(Math.round(255 * Math.min(1, bright)));
      return grey;
    });
  });
}

function paintPixels(canvas: HTMLCanvasElement, map: DepthMap, of: (i: number) => Colour): void {
  canvas.width = map.width;
  canvas.height = map.height;
  const context = canvas.getContext("2d")!;
  const picture = context.createImageData(map.width, map.height);
  for (let i = 0; i < map.values.length; i++) {
    const colour = map.valid[i] ? of(i) : facts.colours.invalid;
    picture.data.set(colour, 4 * i);
    picture.data[4 * i + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
}

/** The mean of the slopes to both neighbours that are `step` away; invalid ones do not count. */
function slope(map: DepthMap, i: number, step: number): number {
  const place = step === 1 ? i % map.width : Math.floor(i / map.width);
  const end = (step === 1 ? map.width : map.height) - 1;
  let sum = 0;
  let count = 0;
  if (place > 0 && map.valid[i - step]) {
    sum += map.values[i] - map.values[i - step];
    count++;
  }
  if (place < end && map.valid[i + step]) {
    sum += map.values[i + step] - map.values[i];
    count++;
  }
  return count ? sum / count : 0;
}

function steepness(map: DepthMap): number {
  const steep: number[] = [];
  const every = Math.max(1, Math.floor(map.values.length / 100_000));
  for (let i = 0; i < map.values.length; i += every) {
    if (!map.valid[i]) continue;
    const size = Math.hypot(slope(map, i, 1), slope(map, i, map.width));
    if (size > 0) steep.push(size);
  }
  return steep.length ? STEEP / quantile(Float32Array.from(steep).sort(), STEEP_SHARE) : 1;
}

/** Shows a scale's bar with numbers, and the colour of holes where they have one; null for none. */
export function showBar(element: HTMLElement, scale: Scale | null, holes = true): void {
  element.replaceChildren();
  if (scale === null) return;
  const canvas = document.createElement("canvas");
  canvas.width = scale.colours.length;
  canvas.height = 1;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Colour scale: ${scale.meaning}`);
  const context = canvas.getContext("2d")!;
  const picture = context.createImageData(canvas.width, 1);
  const colours = scale.reversed ? [...scale.colours].reverse() : scale.colours;
  colours.forEach((colour, i) => picture.data.set([...colour, 255], 4 * i));
  context.putImageData(picture, 0, 0);
  const bar = document.createElement("div");
  bar.append(canvas, ticks(scale));
  const meaning = document.createElement("div");
  meaning.className = "meaning";
  meaning.append(scale.meaning);
  if (holes) meaning.append(document.createElement("i"), "no value");
  element.append(bar, meaning);
}

function ticks(scale: Scale): HTMLElement {
  const count = scale.high > scale.low ? 5 : 1;
  const shares = Array.from({ length: count }, (_, i) => (count > 1 ? i / (count - 1) : 0.5));
  const { stops } = scale;
  const values = shares.map((share) =>
    stops ? stops[Math.round(share * (STOPS - 1))] : scale.low + share * (scale.high - scale.low),
  );
  const texts = stops ? values.map(threeDigits) : numberTexts(values);
  if (scale.below) texts[0] = `< ${texts[0]}`;
  if (scale.above) texts[texts.length - 1] = `> ${texts[texts.length - 1]}`;
  const row = document.createElement("div");
  row.className = "ticks";
  shares.forEach((share, i) => {
    const tick = document.createElement("span");
    tick.textContent = texts[i];
    tick.style.left = `${100 * share}%`;
    row.append(tick);
  });
  return row;
}
