/** What the tests in Python run: jobs from a file, results into its folder. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import * as ort from "onnxruntime-web/wasm";

import type { DepthMap, Kind, Unit, UpscaleOptions } from "../src/engine/index.ts";
import { loadNetwork, upscale } from "../src/engine/index.ts";

interface MapOf {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly kind: Kind;
  readonly unit: Unit;
  readonly encoding: string | null;
}

interface Jobs {
  readonly network: string;
  readonly wasm: string;
  readonly upscale: readonly (MapOf & { options: UpscaleOptions })[];
}

const [, , file] = process.argv;
const folder = dirname(file);
const jobs = JSON.parse(readFileSync(file, "utf8")) as Jobs;

function bytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, name)));
}

function mapOf(job: MapOf): DepthMap {
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

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmBinary = readFileSync(jobs.wasm);
const names = readdirSync(jobs.network).filter((name) => /\.(onnx|json|safetensors)$/.test(name));
const files = Object.fromEntries(
  names.map((name) => [name, new Uint8Array(readFileSync(join(jobs.network, name)))]),
);
const network = await loadNetwork(files, ort);
for (const job of jobs.upscale) {
  const started = process.cpuUsage();
  const { map, filled } = await upscale(network, mapOf(job), job.options);
  const used = process.cpuUsage(started);
  write(`${job.name}.out.values`, map.values);
  write(`${job.name}.out.valid`, map.valid);
  if (map.error) write(`${job.name}.out.error`, map.error);
  if (filled) write(`${job.name}.out.filled`, filled);
  console.log(`${job.name} ${map.height}x${map.width} ${(used.user + used.system) / 1e6} s`);
}
