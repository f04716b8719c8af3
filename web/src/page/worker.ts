/** The worker: does what takes time, so that the page never stands still. */

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
  metrics,
  type Network,
  packPly,
  readDegradationWeights,
  readDepth,
  Spread,
  type Stages,
  UpscaleError,
  upscale,
  writeDepth,
} from "../engine/index.ts";
import { Copy, load, networkFiles, serve } from "./copies.ts";
import type { JobName, Jobs, Reply, Request, Settings, Upscaling } from "./messages.ts";
import { unpack } from "./unpack.ts";

type Report = (share: number) => void;

/** Copies of the network that run side by side at the most. */
const MOST_COPIES = 4;
/** Pixels of the smallest result for which several are loaded. */
const WORTHWHILE = 2 ** 17;

let packed: Readonly<Record<string, string>> = {};
let script = "";
let files: ReturnType<typeof networkFiles> | null = null;
let network: Promise<Network> | null = null;
let copies: readonly Copy[] = [];
let weights: Promise<DegradationWeights> | null = null;

/** The network, and for a result that is worth it, other copies beside it. */
async function networkFor(pixels: number): Promise<Stages> {
  files ??= networkFiles(packed);
  const found = await files;
  if (pixels >= WORTHWHILE && copies.length === 0) {
    const count = Math.min(navigator.hardwareConcurrency, MOST_COPIES) - 1;
    copies = Array.from({ length: count }, () => new Copy(script, found));
  }
  network ??= load(found);
  const own = await network;
  return pixels < WORTHWHILE ? own : new Spread(own, copies);
}

async function upscaled(
  map: Jobs["upscale"]["takes"]["map"],
  { scale, phase, fill, edges, errors }: Settings,
  report: Report,
): Promise<Upscaling> {
  const options = { scale, phase, fill, edges, errors };
  const goal = goalOf(options, map.height, map.width);
  const loaded = await networkFor(goal.height * goal.width);
  await loaded.prepare(goal.factor, errors);
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
  if ("serve" in data) serve(data.serve);
  else if ("files" in data) ({ files: packed, script } = data);
  else postMessage(await run(data.id, data.job, data.takes));
};
