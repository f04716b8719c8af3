/** The worker: does what takes time, so that the page never stands still. */

import * as ort from "onnxruntime-web/wasm";
import {
  bicubic,
  croppedTo,
  type DegradationWeights,
  type DepthMap,
  DepthFileError,
  downsample,
  encodingsFor,
  estimateDegradation,
  goalOf,
  loadNetwork,
  metrics,
  type Network,
  packPly,
  readDegradationWeights,
  readDepth,
  UpscaleError,
  upscale,
  writeDepth,
} from "../engine/index.ts";
import type { JobName, Jobs, Reply, Request, Settings, Upscaling } from "./messages.ts";
import { unpack } from "./unpack.ts";

type Report = (share: number) => void;

let packed: Readonly<Record<string, string>> = {};
let network: Promise<Network> | null = null;
let weights: Promise<DegradationWeights> | null = null;

async function load(): Promise<Network> {
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.proxy = false;
  ort.env.logLevel = "error";
  ort.env.wasm.wasmBinary = (await unpack(packed["runtime.wasm"])).buffer as ArrayBuffer;
  const names = Object.keys(packed).filter((name) => name.startsWith("network/"));
  const contents = await Promise.all(names.map((name) => unpack(packed[name])));
  return loadNetwork(
    Object.fromEntries(names.map((name, i) => [name.slice("network/".length), contents[i]])),
    ort,
  );
}

async function upscaled(
  map: Jobs["upscale"]["takes"]["map"],
  { scale, phase, fill, edges, errors }: Settings,
  report: Report,
): Promise<Upscaling> {
  network ??= load();
  const loaded = await network;
  const options = { scale, phase, fill, edges, errors };
  await loaded.prepare(goalOf(options, map.height, map.width).factor, errors);
  const start = performance.now();
  const result = await upscale(loaded, map, options, { onProgress: report });
  const seconds = (performance.now() - start) / 1000;
  const filledPixels = result.filled?.reduce((sum, pixel) => sum + pixel, 0) ?? 0;
  return { map: result.map, bicubic: await bicubic(map, { scale, phase }), filledPixels, seconds };
}

const jobs: {
  [J in JobName]: (
    takes: Jobs[J]["takes"],
    report: Report,
  ) => Jobs[J]["gives"] | Promise<Jobs[J]["gives"]>;
} = {
  async read({ name, bytes, encoding, recognise }) {
    let map: DepthMap;
    try {
      map = readDepth(name, bytes, { encoding, recognise });
    } catch (error) {
      if (!(error instanceof DepthFileError)) throw error;
      return { refused: error.message, encodings: encodingsFor(name, bytes) };
    }
    weights ??= unpack(packed["find_degradation.npy"]).then(readDegradationWeights);
    const found = estimateDegradation(map, await weights);
    return { map, encodings: encodingsFor(name, bytes), found };
  },
  upscale: ({ map, settings }, report) => upscaled(map, settings, report),
  async test({ truth: whole, degradation, settings }, report) {
    const truth = croppedTo(whole, settings.scale);
    const input = downsample(truth, settings.scale, degradation);
    const upscaling = await upscaled(input, settings, report);
    const measured = {
      bicubic: metrics(upscaling.bicubic, truth),
      ours: metrics(upscaling.map, truth),
    };
    return { ...upscaling, input, truth, metrics: measured };
  },
  write: ({ map, format, encoding }) => writeDepth(map, format, encoding),
  writePoints: ({ map, camera, stereo }) => packPly(map, camera, stereo),
};

async function run<J extends JobName>(id: number, job: J, takes: Jobs[J]["takes"]): Promise<Reply> {
  try {
    return { id, gives: await jobs[job](takes, (progress) => postMessage({ id, progress })) };
  } catch (error) {
    // A runtime that has failed once, for want of memory mostly, is not to be used again.
    const known = error instanceof DepthFileError || error instanceof UpscaleError;
    return { id, error: error instanceof Error ? error.message : String(error), known };
  }
}

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  if ("files" in data) packed = data.files;
  else postMessage(await run(data.id, data.job, data.takes));
};
