/** The picture on the start: a small scene, sampled coarsely and finely. */

import { facts } from "./embedded.ts";

const SIDE = 36;
const COARSE = 6;

/** Paints the scene twice, side by side, as large pixels and as small ones. */
export function paintMark(canvas: HTMLCanvasElement): void {
  const context = canvas.getContext("2d")!;
  const { values } = facts.colours;
  for (const [left, size] of [
    [0, COARSE],
    [canvas.width - SIDE, 1],
  ]) {
    for (let y = 0; y < SIDE; y += size) {
      for (let x = 0; x < SIDE; x += size) {
        const share = nearness((x + size / 2) / SIDE, (y + size / 2) / SIDE);
        context.fillStyle = `rgb(${values[Math.round(share * (values.length - 1))].join(" ")})`;
        context.fillRect(left + x, y, size, size);
      }
    }
  }
}

/** A ball before a slanted box and a wall, at a place 0…1. */
function nearness(x: number, y: number): number {
  const ball = 1 - ((x - 0.62) ** 2 + (y - 0.62) ** 2) / 0.075;
  if (ball > 0) return 0.78 + 0.2 * Math.sqrt(ball);
  if (y > 1.05 - 0.9 * x && x < 0.72 && y > 0.22) return 0.42 + 0.2 * x + 0.1 * y;
  return 0.1 + 0.18 * y;
}
