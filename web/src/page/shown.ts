/** What the page shows: an input, and its results if there are any. */

import type { DepthMap, Metrics, Phase } from "../engine/index.ts";
import { repeated } from "./geometry.ts";

/** The maps, all but the input of one size. */
export interface Shown {
  readonly name: string;
  readonly input: DepthMap;
  readonly phase: Phase;
  /** Null before upscaling. */
  readonly results: Results | null;
}

export interface Results {
  readonly scale: number;
  readonly ours: DepthMap;
  readonly bicubic: DepthMap;
  /** The input at the size of the results, pixels repeated. */
  readonly input: DepthMap;
  /** The ground truth, in that mode. */
  readonly truth: DepthMap | null;
  readonly metrics: { readonly bicubic: Metrics; readonly ours: Metrics } | null;
}

/** A map with its name, for lists and legends. */
export interface Named {
  readonly id: "input" | "bicubic" | "ours" | "truth";
  readonly name: string;
  readonly map: DepthMap;
}

/** The maps of what is shown, of one size, in the order in which they are listed. */
export function mapsOf(shown: Shown): Named[] {
  const { input, results } = shown;
  if (results === null) return [{ id: "input", name: "input", map: input }];
  const maps: Named[] = [
    { id: "input", name: "input", map: results.input },
    { id: "bicubic", name: "bicubic", map: results.bicubic },
    { id: "ours", name: "dsdmsr-fast", map: results.ours },
  ];
  if (results.truth) maps.push({ id: "truth", name: "ground truth", map: results.truth });
  return maps;
}

/** Returns results with the input at their size. */
export function resultsOf(
  input: DepthMap,
  scale: number,
  phase: Phase,
  of: Omit<Results, "input" | "scale">,
): Results {
  const { height, width } = of.ours;
  return { ...of, scale, input: repeated(input, height, width, phase) };
}
