/** Copies of the network: one in this worker, others in workers of their own. */

import * as ort from "onnxruntime-web/wasm";
import {
  loadNetwork,
  type Network,
  type Planes,
  type StageOutput,
  type Stages,
  type Use,
} from "../engine/index.ts";
import { unpack } from "./unpack.ts";

/** What a copy is loaded from. */
export interface NetworkFiles {
  readonly runtime: Uint8Array;
  readonly network: Readonly<Record<string, Uint8Array>>;
}

/** What a worker with a copy is asked for. */
type Call = { readonly id: number } & (
  | { readonly scale: number; readonly errors: boolean }
  | { stage: number; depth: Planes; carried: Planes | null; use: Use }
);

interface Returned {
  readonly id: number;
  /** What a stage gives. */
  readonly output?: StageOutput;
  /** Why there is nothing. */
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (output: StageOutput | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** Unpacks what the page holds of the network and its runtime. */
export async function networkFiles(
  packed: Readonly<Record<string, string>>,
): Promise<NetworkFiles> {
  const names = Object.keys(packed).filter((name) => name.startsWith("network/"));
  const contents = await Promise.all(["runtime.wasm", ...names].map((name) => unpack(packed[name])));
  const network = names.map((name, i) => [name.slice("network/".length), contents[i + 1]]);
  return { runtime: contents[0], network: Object.fromEntries(network) };
}

/** Loads a copy in this worker. */
export function load({ runtime, network }: NetworkFiles): Promise<Network> {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = false;
  ort.env.logLevel = "error";
  ort.env.wasm.wasmBinary = runtime.buffer as ArrayBuffer;
  return loadNetwork(network, ort);
}

/** Makes this worker one that has a copy, and computes what another worker asks for. */
export function serve(files: NetworkFiles): void {
  const loading = load(files);
  self.onmessage = async ({ data }: MessageEvent<Call>) => {
    const { id } = data;
    try {
      const network = await loading;
      if ("scale" in data) {
        await network.prepare(data.scale, data.errors);
        postMessage({ id } satisfies Returned);
        return;
      }
      const output = await network.run(data.stage, data.depth, data.carried, data.use);
      const planes = output.more === null ? [output.depth] : [output.depth, output.more];
      const transfer = planes.map((each) => each.data.buffer);
      self.postMessage({ id, output } satisfies Returned, { transfer });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      postMessage({ id, error: why } satisfies Returned);
    }
  };
}

/** A copy in a worker of its own, which ends with the worker that starts it. */
export class Copy implements Pick<Stages, "run" | "prepare"> {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;
  /** Why the worker has ended, if it has. */
  private failure: Error | null = null;

  constructor(script: string, files: NetworkFiles) {
    const url = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    this.worker = new Worker(url);
    URL.revokeObjectURL(url);
    this.worker.onmessage = ({ data }: MessageEvent<Returned>) => this.receive(data);
    this.worker.onerror = (event) => this.fail(event.message || "a worker could not start");
    this.worker.postMessage({ serve: files });
  }

  async prepare(scale: number, errors: boolean): Promise<void> {
    await this.ask({ scale, errors });
  }

  async run(stage: number, depth: Planes, carried: Planes | null, use: Use): Promise<StageOutput> {
    return (await this.ask({ stage, depth, carried, use }))!;
  }

  private ask(what: object): Promise<StageOutput | undefined> {
    if (this.failure !== null) return Promise.reject(this.failure);
    const id = ++this.count;
    this.worker.postMessage({ id, ...what });
    return new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
  }

  private receive({ id, output, error }: Returned): void {
    const call = this.waiting.get(id);
    this.waiting.delete(id);
    if (error === undefined) call?.resolve(output);
    else call?.reject(new Error(error));
  }

  private fail(why: string): void {
    this.failure = new Error(why);
    for (const { reject } of this.waiting.values()) reject(this.failure);
    this.waiting.clear();
  }
}
