/** Networks that run side by side, each on a part of a stage's input. */

import type { StageOutput, Stages, Use } from "./network.ts";
import type { Planes, Window } from "./window.ts";
import { cropped, grown, scaled } from "./window.ts";

/** What a part costs beside its pixels, in pixels: it is sent, and what it gives is sent back. */
const SENDING = 1000;

/** A copy elsewhere. */
type Copied = Pick<Stages, "run" | "prepare">;

/** Several copies of a network, which give together what one gives. */
export class Spread implements Stages {
  private readonly own: Stages;
  private readonly others: readonly Copied[];

  /** @param own The copy that may block its caller: the others have their parts by then. */
  constructor(own: Stages, others: readonly Copied[]) {
    this.own = own;
    this.others = others;
  }

  radius(stage: number): number {
    return this.own.radius(stage);
  }

  async prepare(scale: number, errors: boolean): Promise<void> {
    const all = [...this.others, this.own];
    await Promise.all(all.map((network) => network.prepare(scale, errors)));
  }

  async run(stage: number, depth: Planes, carried: Planes | null, use: Use): Promise<StageOutput> {
    const { height, width } = depth;
    const whole = { top: 0, bottom: height, left: 0, right: width };
    const radius = this.radius(stage);
    const parts = partsOf(height, width, radius, this.others.length + 1);
    const chosen = [...this.others.slice(0, parts.length - 1), this.own];
    const outputs = await Promise.all(
      parts.map(async (part, k) => {
        const seen = grown(part, radius, height, width);
        const features = carried && cropped(carried, seen, whole);
        const output = await chosen[k].run(stage, cropped(depth, seen, whole), features, use);
        return { output, part: scaled(part, 2), seen: scaled(seen, 2) };
      }),
    );
    const joined = (planesOf: (output: StageOutput) => Planes | null): Planes | null => {
      const first = planesOf(outputs[0].output);
      if (first === null || outputs.length === 1) return first;
      const target = emptyPlanes(first.channels, 2 * height, 2 * width);
      for (const { output, part, seen } of outputs) {
        place(cropped(planesOf(output)!, part, seen), part, target);
      }
      return target;
    };
    return { depth: joined((output) => output.depth)!, more: joined((output) => output.more) };
  }
}

/** The parts, `most` or fewer, in which what is computed of a map takes the least time. */
function partsOf(height: number, width: number, radius: number, most: number): Window[] {
  let best: Window[] = [];
  let least = Infinity;
  for (let down = 1; down <= most; down++) {
    for (let across = 1; down * across <= most; across++) {
      const parts = grid(height, width, down, across);
      const areas = parts.map((part) => areaOf(grown(part, radius, height, width)));
      const cost = Math.max(...areas) + SENDING * (parts.length - 1);
      if (cost < least) [best, least] = [parts, cost];
    }
  }
  return best;
}

function grid(height: number, width: number, down: number, across: number): Window[] {
  const edge = (side: number, index: number, count: number) => Math.floor((side * index) / count);
  return Array.from({ length: down * across }, (_, k) => {
    const [row, column] = [Math.floor(k / across), k % across];
    return {
      top: edge(height, row, down),
      bottom: edge(height, row + 1, down),
      left: edge(width, column, across),
      right: edge(width, column + 1, across),
    };
  });
}

function areaOf({ top, bottom, left, right }: Window): number {
  return (bottom - top) * (right - left);
}

function emptyPlanes(channels: number, height: number, width: number): Planes {
  return { data: new Float32Array(channels * height * width), channels, height, width };
}

/** Put planes into the part of others that they are. */
function place(planes: Planes, part: Window, target: Planes): void {
  const { data, channels, height, width } = planes;
  for (let channel = 0, from = 0; channel < channels; channel++) {
    for (let row = 0; row < height; row++, from += width) {
      const to = (channel * target.height + part.top + row) * target.width + part.left;
      target.data.set(data.subarray(from, from + width), to);
    }
  }
}
