/** Blocks of a map, run stage by stage, whose windows equal those of the whole map. */

import type { Network, StageOutput } from "./network.ts";
import type { Planes, Window } from "./window.ts";
import { cropped, grown, halved, scaled } from "./window.ts";

/** A prediction, and the error that the network expects of it, or null. */
export interface Predicted {
  readonly depth: Planes;
  readonly error: Planes | null;
}

/**
 * A block of a map, of whose windows the network predicts what the whole map would give.
 *
 * Each stage sees as much around as can change it, and no more. The first stage, which reaches
 * furthest, runs once for the whole block.
 */
export class Block {
  private readonly network: Network;
  private readonly height: number;
  private readonly width: number;
  private readonly count: number;
  /** Number of stages that ran once for the whole block, 0 or 1. */
  private readonly shared: number;
  /** What the other stages take, and the part of their input that it is. */
  private readonly depth: Planes;
  private readonly carried: Planes | null;
  private readonly held: Window;

  private constructor(
    network: Network,
    lrDepth: Planes,
    count: number,
    depth: Planes,
    carried: Planes | null,
    held: Window,
  ) {
    this.network = network;
    this.height = lrDepth.height;
    this.width = lrDepth.width;
    this.count = count;
    this.shared = Number(count > 1);
    this.depth = depth;
    this.carried = carried;
    this.held = held;
  }

  /** Run what the windows of a block of a low-resolution map have in common. */
  static async of(network: Network, lrDepth: Planes, scale: number, part: Window): Promise<Block> {
    const { height, width } = lrDepth;
    const count = Math.log2(scale);
    const whole = { top: 0, bottom: height, left: 0, right: width };
    const inputs = inputsOf(network, count, part, height, width);
    const depth = cropped(lrDepth, inputs[0], whole);
    if (count === 1) return new Block(network, lrDepth, count, depth, null, inputs[0]);
    const output = await network.run(0, depth, null, "next");
    const first = within(output, inputs[1], scaled(inputs[0], 2));
    return new Block(network, lrDepth, count, first.depth, first.more, inputs[1]);
  }

  /** The network's prediction for a window in the block. */
  async predict(part: Window, errors: boolean): Promise<Predicted> {
    const inputs = inputsOf(this.network, this.count, part, this.height, this.width);
    let depth = cropped(this.depth, inputs[this.shared], this.held);
    let carried = this.carried && cropped(this.carried, inputs[this.shared], this.held);
    for (let k = this.shared; k < this.count; k++) {
      const use = k < this.count - 1 ? "next" : errors ? "errors" : "last";
      const output = await this.network.run(k, depth, carried, use);
      const inner = within(output, inputs[k + 1], scaled(inputs[k], 2));
      depth = inner.depth;
      carried = inner.more;
    }
    if (carried === null) return { depth, error: null };
    return { depth, error: { ...carried, data: carried.data.map(Math.exp) } };
  }
}

/** What each stage needs as its input for a window; and last the window, upscaled. */
function inputsOf(
  network: Network,
  count: number,
  part: Window,
  height: number,
  width: number,
): Window[] {
  const inputs = [scaled(part, 2 ** count)];
  for (let k = count - 1; k >= 0; k--) {
    inputs.unshift(grown(halved(inputs[0]), network.radius(k), height << k, width << k));
  }
  return inputs;
}

function within(output: StageOutput, part: Window, outer: Window): StageOutput {
  return {
    depth: cropped(output.depth, part, outer),
    more: output.more && cropped(output.more, part, outer),
  };
}
