/** Tiles of a map, which are enlarged one after the other so that memory stays bounded. */

import type { Window } from "./window.ts";

/** About how many pixels a side auto's tiles have in the largest map: at most half as many more. */
const LARGE = 1024;
/** Low-resolution pixels a side that auto's blocks have at the most, if tiles are smaller. */
const BLOCK = 640;
/** Low-resolution pixels that blocks beside each other have at the most, then. */
const BLOCKS_AREA = BLOCK * BLOCK;

/** A tile of a low-resolution map, and the block of tiles that it is one of. */
export interface TileOf {
  readonly window: Window;
  readonly block: Window;
}

/**
 * The tiles of a low-resolution map, row by row, as equal as can be.
 *
 * None is larger than a tile that is given, which is a block of its own; auto gives a small rest
 * no tile of its own, and groups tiles in blocks, which have less around them.
 */
export function tilesOf(
  tile: number | "auto",
  scale: number,
  height: number,
  width: number,
): TileOf[] {
  let counts: [number, number];
  let down = 1;
  let across = 1;
  if (tile === "auto") {
    counts = [tileCount(height, scale), tileCount(width, scale)];
    across = Math.max(1, Math.floor((BLOCK * counts[1]) / width));
    const most = Math.min(BLOCK, Math.floor(BLOCKS_AREA / width));
    down = Math.max(1, Math.floor((most * counts[0]) / height));
  } else {
    counts = [Math.ceil(height / tile), Math.ceil(width / tile)];
  }
  const columns = spans(width, counts[1], across);
  return spans(height, counts[0], down).flatMap((row) =>
    columns.map((column) => ({
      window: { top: row.from, bottom: row.to, left: column.from, right: column.to },
      block: {
        top: row.groupFrom,
        bottom: row.groupTo,
        left: column.groupFrom,
        right: column.groupTo,
      },
    })),
  );
}

function tileCount(side: number, scale: number): number {
  return Math.max(1, roundHalfEven((side * scale) / LARGE));
}

/** Python's round: of two whole numbers that are equally near, the even one. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly groupFrom: number;
  readonly groupTo: number;
}

/** `count` equal spans of a side, each with that of its group of at most `most` spans. */
function spans(side: number, count: number, most: number): Span[] {
  const groups = Math.ceil(count / most);
  const edge = (index: number) => Math.floor((side * index) / count);
  const found: Span[] = [];
  for (let group = 0; group < groups; group++) {
    const first = Math.floor((count * group) / groups);
    const end = Math.floor((count * (group + 1)) / groups);
    for (let index = first; index < end; index++) {
      const [from, to] = [edge(index), edge(index + 1)];
      found.push({ from, to, groupFrom: edge(first), groupTo: edge(end) });
    }
  }
  return found;
}
