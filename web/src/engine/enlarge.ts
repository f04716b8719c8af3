/** The enlargement of one map by a network's own factor: tile by tile, in bands of rows. */

import type { Predicted } from "./blocks.ts";
import { Block } from "./blocks.ts";
import { BEYOND, valueRange } from "./encodings.ts";
import { enlargeValid } from "./holes.ts";
import type { Network } from "./network.ts";
import type { Normalised } from "./normalise.ts";
import { errorInUnit, inUnit, normalise } from "./normalise.ts";
import { flatEnds, flatRims } from "./outliers.ts";
import type { Rows } from "./rows.ts";
import type { TileOf } from "./tiles.ts";
import { tilesOf } from "./tiles.ts";
import type { DepthMap, Running } from "./types.ts";
import { UpscaleError } from "./types.ts";
import type { Planes } from "./window.ts";

/** How a map is enlarged. */
export interface Enlarging extends Running {
  /** The factor, one of the network's. */
  readonly scale: number;
  /** Which pixels count as valid in the result: holes to fill do. */
  readonly kept: Uint8Array;
  readonly tile: number | "auto";
  readonly errors: boolean;
}

/** Rows of a result that tiles are put into. */
interface Band {
  readonly values: Float32Array;
  readonly error: Float32Array | null;
  /** The low-resolution row at which it begins. */
  readonly top: number;
}

/** What is known of a map before the network runs. */
interface Known {
  readonly map: DepthMap;
  readonly lr: Normalised;
  /** Least and greatest value of the result. */
  readonly allowed: readonly [number, number];
  /** Pixels that become squares of their value; null for none. */
  readonly squares: Uint8Array | null;
  /** How far from a square at its rim values are taken for its own; null for none. */
  readonly rims: Float32Array | null;
}

/** Yield the rows of the map `scale` times as large; in holes, too, there are values. */
export async function* enlarged(
  network: Network,
  map: DepthMap,
  options: Enlarging,
): AsyncGenerator<Rows> {
  const { scale, kept, errors, signal } = options;
  const known = knownOf(map);
  const flat = known.lr.low === known.lr.high;
  const blocks = new Map<string, Block>();
  let band: Band | null = null;
  for (const tile of tilesOf(options.tile, scale, map.height, map.width)) {
    await pause(signal);
    const { top, bottom, left, right } = tile.window;
    if (left === 0 || band === null) band = emptyBand(known, scale, top, bottom, errors);
    if (!flat) {
      const block = await blockOf(blocks, network, known.lr.lrDepth, scale, tile);
      put(await block.predict(tile.window, errors), known, band, tile, scale);
    }
    putSquares(known, band, tile, scale);
    options.onProgress?.((top * map.width + (bottom - top) * right) / (map.height * map.width));
    if (right === map.width) {
      const valid = enlargeValid(kept, map.height, map.width, scale, top, bottom);
      yield { ...band, valid, top: scale * top, width: scale * map.width };
    }
  }
}

/** Let messages in, one of which may abort the signal. */
async function pause(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  signal?.throwIfAborted();
}

/** The block of a tile, which is kept until its last tile. */
async function blockOf(
  blocks: Map<string, Block>,
  network: Network,
  lrDepth: Planes,
  scale: number,
  { window, block }: TileOf,
): Promise<Block> {
  const key = `${block.top} ${block.left}`;
  const run = blocks.get(key) ?? (await Block.of(network, lrDepth, scale, block));
  blocks.set(key, run);
  if (window.bottom === block.bottom && window.right === block.right) blocks.delete(key);
  return run;
}

function knownOf(map: DepthMap): Known {
  const lr = normalise(map);
  const { values, valid, height, width } = map;
  let squares = flatEnds(values, valid, height, width);
  // Water is level up to its shore. A clipped background is not: surfaces run into it.
  const level = squares !== null && map.kind === "height";
  const rims = level ? flatRims(values, valid, squares!, height, width) : null;
  if (lr.lone !== null) squares = lr.lone.map((flag, k) => flag | (squares?.[k] ?? 0));
  return { map, lr, allowed: allowedRange(lr, map.encoding), squares, rims };
}

/** The least and greatest output for an input. */
function allowedRange(lr: Normalised, encoding: string | null): [number, number] {
  let least = inUnit(lr, -BEYOND);
  let most = inUnit(lr, 1 + BEYOND);
  if (lr.low > 0) least = Math.max(least, lr.low / 2);
  else if (lr.low === 0) least = 0;
  if (encoding !== null) {
    const [smallest, greatest] = valueRange(encoding);
    least = Math.max(least, Math.min(smallest, lr.low));
    most = Math.min(most, Math.max(greatest, lr.high));
  }
  return [least, most];
}

/** Arrays for some low-resolution rows, which hold what a flat map becomes. */
function emptyBand(
  { map, lr }: Known,
  scale: number,
  top: number,
  bottom: number,
  errors: boolean,
): Band {
  const size = scale * (bottom - top) * scale * map.width;
  const values = new Float32Array(size).fill(lr.low);
  return { values, error: errors ? new Float32Array(size) : null, top };
}

/** Put the prediction for a tile into a band. */
function put(pred: Predicted, known: Known, band: Band, tile: TileOf, scale: number): void {
  const { lr, map } = known;
  const [least, most] = known.allowed;
  const { data, height, width } = pred.depth;
  const { error } = pred;
  const start = scale * (tile.window.top - band.top) * scale * map.width;
  for (let row = 0; row < height; row++) {
    let to = start + row * scale * map.width + scale * tile.window.left;
    for (let from = row * width; from < (row + 1) * width; from++, to++) {
      const share = data[from];
      if (!Number.isFinite(share) || (error && !Number.isFinite(error.data[from]))) {
        throw new UpscaleError("the network gave values that are not finite: it is damaged");
      }
      band.values[to] = Math.min(Math.max(inUnit(lr, share), least), most);
      if (error) band.error![to] = errorInUnit(lr, error.data[from], share);
    }
  }
}

/** Put pixels of which no more is known than their value into a tile, as squares of it. */
function putSquares(known: Known, band: Band, tile: TileOf, scale: number): void {
  const { squares, rims, map } = known;
  if (squares === null) return;
  const { top, bottom, left, right } = tile.window;
  const width = scale * map.width;
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const place = row * map.width + column;
      const limit = squares[place] ? Infinity : (rims?.[place] ?? -1);
      if (limit < 0) continue;
      const value = map.values[place];
      for (let y = scale * (row - band.top); y < scale * (row - band.top + 1); y++) {
        for (let to = y * width + scale * column; to < y * width + scale * (column + 1); to++) {
          if (Math.fround(Math.abs(band.values[to] - value)) <= limit) band.values[to] = value;
        }
      }
    }
  }
}
