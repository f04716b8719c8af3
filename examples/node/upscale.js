// The command: a 16-bit PNG of depth in, a larger one out.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { bicubicProbability } from "./degradation.js";
import { readPng, writePng } from "./png16.js";
import { PHASES } from "./sizes.js";
import { loadUpscaler } from "./upscaler.js";

const USAGE =
  "usage: node upscale.js GRAPH.onnx INPUT.png OUTPUT.png [--bicubic GRAPH.onnx] [--size WIDTHxHEIGHT] " +
  "[--phase centre|corner|aligned] [--overwrite]";

/** Return the files and options that are given. */
function parsed() {
  const text = { type: "string" };
  try {
    const options = { bicubic: text, size: text, phase: text, overwrite: { type: "boolean" } };
    const { positionals, values } = parseArgs({ allowPositionals: true, options });
    if (positionals.length === 3) return { files: positionals, ...values };
  } catch {
    // No such option, or nothing after it.
  }
  throw new Error(USAGE);
}

/** Return height and width. */
function sizeIn(text) {
  const said = /^(\d{1,5})x(\d{1,5})$/.exec(text);
  if (!said) throw new Error(`size is ${text}: give width and height, as 640x480`);
  return [Number(said[2]), Number(said[1])];
}

async function main() {
  const { files, bicubic, size, phase = "centre", overwrite } = parsed();
  const [graph, input, output] = files;
  if (!PHASES.includes(phase)) throw new Error(`phase is ${phase}: allowed are centre, corner and aligned`);
  const options = { least: 1, greatest: 65535, size: size && sizeIn(size), phase };
  if (!overwrite && existsSync(output)) throw new Error(`${output} exists: give --overwrite, or another name`);
  const depth = readPng(input);
  const found = bicubic && bicubicProbability(depth, join(dirname(bicubic), "find_degradation.npy")) >= 0.6;
  const chosen = found ? bicubic : graph;
  const upscale = await loadUpscaler(chosen);
  const large = await upscale(depth, options);
  writePng(output, large);
  console.log(`wrote ${output}: ${large.width}x${large.height} by ${chosen}`);
}

try {
  await main();
} catch (error) {
  console.error(error.message === USAGE ? USAGE : `upscale: ${error.message}`);
  process.exitCode = 2;
}
