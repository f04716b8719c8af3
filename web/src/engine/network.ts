/** A network, run from its ONNX graphs stage by stage. */

import type * as Ort from "onnxruntime-web";

import { SCALES } from "./sizes.ts";
import { UpscaleError } from "./types.ts";
import type { Planes } from "./window.ts";

/** Version of what graphs take and give. */
const CONTRACT = 1;
const WEIGHTS = "model.safetensors";

/** How a stage runs: hands on to the next, gives the prediction, or gives it with its error. */
type Use = "next" | "last" | "errors";

interface GraphStage {
  /** How many pixels away an input pixel can still change an output pixel. */
  readonly radius: number;
  readonly files: Readonly<Partial<Record<Use, string>>>;
}

/** The index of a network's graphs, as `graphs.json` has it. */
interface Graphs {
  readonly contract: number;
  readonly scale: number;
  readonly border: number;
  readonly supersampled: boolean;
  readonly consistency: number;
  readonly stages: readonly GraphStage[];
}

/** Outputs of a stage, at twice the size of its input. */
export interface StageOutput {
  readonly depth: Planes;
  /** Features for the next stage, or the logarithm of the expected error of the last; or null. */
  readonly more: Planes | null;
}

/** A network whose graphs are loaded when they are first needed. */
export class Network {
  private readonly files: Readonly<Record<string, Uint8Array>>;
  private readonly ort: typeof Ort;
  private readonly graphs: Graphs;
  private readonly sessions = new Map<string, Promise<Ort.InferenceSession>>();

  constructor(files: Readonly<Record<string, Uint8Array>>, ort: typeof Ort) {
    this.files = files;
    this.ort = ort;
    this.graphs = indexOf(this.file("graphs.json"));
  }

  /** How many pixels away an input pixel of a stage can still change its output. */
  radius(stage: number): number {
    return this.graphs.stages[stage].radius;
  }

  /** Run a stage on a part of its input, and interleave its views. */
  async run(stage: number, depth: Planes, carried: Planes | null, use: Use): Promise<StageOutput> {
    const session = await this.session(stage, use);
    const inputs: Record<string, Ort.Tensor> = { depth: this.tensor(depth) };
    if (carried !== null) inputs["carried"] = this.tensor(carried);
    const outputs = await session.run(inputs);
    const [views, more] = session.outputNames.map((name) => outputs[name]);
    return { depth: interleaved(views), more: more === undefined ? null : interleaved(more) };
  }

  /** Load the graphs that a factor needs, so that the first map takes no longer than others. */
  async prepare(scale: number, errors: boolean): Promise<void> {
    const last = Math.log2(scale) - 1;
    for (let stage = 0; stage < last; stage++) await this.session(stage, "next");
    await this.session(last, errors ? "errors" : "last");
  }

  private session(stage: number, use: Use): Promise<Ort.InferenceSession> {
    const name = this.graphs.stages[stage].files[use];
    if (name === undefined) {
      throw new UpscaleError(`the network has no graph "${use}" for stage ${stage + 1}`);
    }
    let session = this.sessions.get(name);
    if (session === undefined) {
      session = this.ort.InferenceSession.create(this.file(name), {
        executionProviders: ["wasm"],
        externalData: [{ path: WEIGHTS, data: this.file(WEIGHTS) }],
        logSeverityLevel: 4,
      });
      this.sessions.set(name, session);
    }
    return session;
  }

  private tensor({ data, channels, height, width }: Planes): Ort.Tensor {
    return new this.ort.Tensor("float32", data, [1, channels, height, width]);
  }

  private file(name: string): Uint8Array {
    const content = this.files[name];
    if (content === undefined) throw new UpscaleError(`the network lacks its file ${name}`);
    return content;
  }
}

/**
 * Load a network.
 *
 * @param files The files of its folder: graphs.json, model.safetensors, and the graphs.
 * @param ort ONNX Runtime Web, set up by the caller.
 * @throws UpscaleError if a file is missing, or the graphs need what is not done here.
 */
export async function loadNetwork(
  files: Readonly<Record<string, Uint8Array>>,
  ort: typeof Ort,
): Promise<Network> {
  const network = new Network(files, ort);
  await network.prepare(2, false);
  return network;
}

function indexOf(content: Uint8Array): Graphs {
  const graphs = JSON.parse(new TextDecoder().decode(content)) as Graphs;
  if (graphs.contract !== CONTRACT) {
    throw new UpscaleError(`the graphs are of contract ${graphs.contract}, not ${CONTRACT}`);
  }
  const plain = graphs.border === 0 && graphs.consistency === 0 && !graphs.supersampled;
  if (!plain || graphs.scale < SCALES[SCALES.length - 1]) {
    throw new UpscaleError("only networks of dsdmsr-fast's form run here");
  }
  return graphs;
}

/** Interleave four views of each channel: view 2·r + c has the pixels (2i + r, 2j + c). */
function interleaved(output: Ort.Tensor): Planes {
  const [, views, height, width] = output.dims;
  const from = output.data as Float32Array;
  const channels = views / 4;
  const data = new Float32Array(channels * 4 * height * width);
  let place = 0;
  for (let view = 0; view < views; view++) {
    const base = (view >> 2) * 4 * height * width + (view & 1);
    const down = (view >> 1) & 1;
    for (let row = 0; row < height; row++) {
      let to = base + (2 * row + down) * 2 * width;
      for (let column = 0; column < width; column++, to += 2) data[to] = from[place++];
    }
  }
  output.dispose();
  return { data, channels, height: 2 * height, width: 2 * width };
}
