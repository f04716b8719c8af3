/** What the tests in Python run: jobs from a file, results into its folder. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import * as ort from "onnxruntime-web/wasm";

import * as engine from "../src/engine/index.ts";

/** A map whose values and validity lie in files of its name. */
interface MapOf {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly kind: engine.Kind;
  readonly unit: engine.Unit;
  readonly encoding: string | null;
}

/** A file that is read, and what the map is written as: `png` or `png mm`, say. */
interface FileOf {
  readonly file: string;
  readonly encoding: string | null;
  readonly write: readonly string[];
}

interface Jobs {
  /** The folder of the network, ONNX Runtime's WebAssembly, and find_degradation.npy. */
  readonly network: string;
  readonly wasm: string;
  readonly steps: string;
  readonly upscale?: readonly (MapOf & { options: engine.UpscaleOptions })[];
  readonly cancel?: readonly MapOf[];
  readonly goal?: readonly { options: engine.UpscaleOptions; height: number; width: number }[];
  readonly bicubic?: readonly (MapOf & { options: engine.UpscaleOptions })[];
  readonly downsample?: readonly (MapOf & { scale: number; degradation: engine.Degradation })[];
  readonly find?: readonly MapOf[];
  readonly measure?: readonly { pred: MapOf; target: MapOf; options: engine.MetricOptions }[];
  readonly cloud?: readonly (MapOf & { camera: engine.Intrinsics })[];
  readonly read?: readonly FileOf[];
  readonly convert?: readonly (FileOf & { options: engine.UpscaleOptions })[];
}

const [, , file] = process.argv;
const folder = dirname(file);
const jobs = JSON.parse(readFileSync(file, "utf8")) as Jobs;
const said: Record<string, unknown> = {};

function bytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, name)));
}

function mapOf(job: MapOf): engine.DepthMap {
  return {
    ...job,
    values: new Float32Array(bytes(`${job.name}.values`).buffer),
    valid: bytes(`${job.name}.valid`),
    marker: null,
    floats: true,
    intrinsics: null,
    error: null,
    notes: [],
  };
}

function write(name: string, array: Float32Array | Uint8Array): void {
  writeFileSync(join(folder, name), array);
}

function writeMap(name: string, map: engine.DepthMap): void {
  write(`${name}.out.values`, map.values);
  write(`${name}.out.valid`, map.valid);
  if (map.error) write(`${name}.out.error`, map.error);
}

function seconds(started: NodeJS.CpuUsage): number {
  const used = process.cpuUsage(started);
  return (used.user + used.system) / 1e6;
}

/** What a function returns, or the name and the text of its error. */
function attempt<T>(compute: () => T): T | { error: string; message: string } {
  try {
    return compute();
  } catch (error) {
    const { name, message } = error as Error;
    return { error: name, message };
  }
}

async function network(): Promise<engine.Network> {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = readFileSync(jobs.wasm);
  const names = readdirSync(jobs.network).filter((name) => /\.(onnx|json|safetensors)$/.test(name));
  const files = names.map((name): [string, Uint8Array] => [
    name,
    new Uint8Array(readFileSync(join(jobs.network, name))),
  ]);
  return engine.loadNetwork(Object.fromEntries(files), ort);
}

async function upscaleAll(loaded: engine.Network): Promise<void> {
  for (const job of jobs.upscale ?? []) {
    const shares: number[] = [];
    const started = process.cpuUsage();
    const onProgress = (share: number) => shares.push(share);
    const { map, filled } = await engine.upscale(loaded, mapOf(job), job.options, { onProgress });
    said[job.name] = { seconds: seconds(started), shares };
    writeMap(job.name, map);
    if (filled) write(`${job.name}.out.filled`, filled);
  }
  for (const job of jobs.cancel ?? []) {
    const stopping = new AbortController();
    let steps = 0;
    const onProgress = () => {
      steps++;
      stopping.abort();
    };
    const running = { onProgress, signal: stopping.signal };
    const failed = await engine.upscale(loaded, mapOf(job), { scale: 2, tile: 8 }, running).then(
      () => null,
      (error: Error) => error.name,
    );
    said[job.name] = { failed, steps };
  }
}

/** Write a map in formats; the names of the files, or why one cannot be written. */
function written(name: string, map: engine.DepthMap, formats: readonly string[]): unknown[] {
  return formats.map((how, k) => {
    const [format, encoding] = how.split(" ") as [engine.WriteFormat, string | undefined];
    const content = attempt(() => engine.writeDepth(map, format, encoding ?? null));
    if (!(content instanceof Uint8Array)) return content;
    write(`${name}.${k}.${format}`, content);
    return `${name}.${k}.${format}`;
  });
}

function readAll(): void {
  for (const [number, job] of (jobs.read ?? []).entries()) {
    const { file: name, encoding } = job;
    const map = attempt(() => engine.readDepth(name, bytes(name), { encoding }));
    if ("message" in map) {
      said[`read${number}`] = map;
      continue;
    }
    writeMap(`read${number}`, map);
    const { values: _, valid: _valid, ...rest } = map;
    said[`read${number}`] = { ...rest, written: written(`read${number}`, map, job.write) };
  }
}

async function convertAll(loaded: engine.Network): Promise<void> {
  for (const [number, job] of (jobs.convert ?? []).entries()) {
    const depth = engine.readDepth(job.file, bytes(job.file), { encoding: job.encoding });
    const { map } = await engine.upscale(loaded, depth, job.options);
    said[`convert${number}`] = written(`convert${number}`, map, job.write);
  }
}

async function others(): Promise<void> {
  for (const [number, { options, height, width }] of (jobs.goal ?? []).entries()) {
    const goal = attempt(() => engine.goalOf(options, height, width));
    const line = "message" in goal ? null : engine.stretchLine(goal, height, width);
    said[`goal${number}`] = { goal, line };
  }
  for (const job of jobs.bicubic ?? [])
    writeMap(job.name, await engine.bicubic(mapOf(job), job.options));
  for (const job of jobs.downsample ?? []) {
    writeMap(job.name, engine.downsample(mapOf(job), job.scale, job.degradation));
  }
  const weights = engine.readDegradationWeights(new Uint8Array(readFileSync(jobs.steps)));
  for (const job of jobs.find ?? []) {
    const started = process.cpuUsage();
    const found = engine.estimateDegradation(mapOf(job), weights);
    said[job.name] = { found, line: engine.degradationLine(found), seconds: seconds(started) };
  }
  for (const [number, job] of (jobs.measure ?? []).entries()) {
    said[`measure${number}`] = engine.metrics(mapOf(job.pred), mapOf(job.target), job.options);
  }
  for (const job of jobs.cloud ?? []) {
    const map = mapOf(job);
    write(`${job.name}.ply`, engine.packPly(map, job.camera));
    const found = engine.distances(map);
    const faces = engine.trianglesOf(found, job.camera, map.height, map.width);
    said[job.name] = [...faces];
  }
}

if (jobs.upscale || jobs.cancel || jobs.convert) {
  const loaded = await network();
  await upscaleAll(loaded);
  await convertAll(loaded);
}
readAll();
await others();
writeFileSync(join(folder, "said.json"), JSON.stringify(said));
