// The command: a 16-bit PNG of depth in, a larger one out.
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { readPng, writePng } from "./png16.js";
import { hasWideGap, loadUpscaler } from "./upscaler.js";

const USAGE = "usage: node upscale.js GRAPH.onnx INPUT.png OUTPUT.png [--overwrite]";

async function main() {
  let given;
  try {
    given = parseArgs({ allowPositionals: true, options: { overwrite: { type: "boolean" } } });
  } catch {
    throw new Error(USAGE);
  }
  const [graph, input, output, ...more] = given.positionals;
  if (!output || more.length) throw new Error(USAGE);
  if (!given.values.overwrite && existsSync(output)) throw new Error(`${output} exists: give --overwrite, or another name`);
  const depth = readPng(input);
  const upscale = await loadUpscaler(graph);
  if (hasWideGap(depth))
    console.error(
      `note: ${input} has values far from all others, such as wrong pixels; ` +
        "dsdmsr itself treats them apart, and is more exact here",
    );
  const large = await upscale(depth, { least: 1, greatest: 65535 });
  writePng(output, large);
  console.log(`wrote ${output}: ${large.width}x${large.height}`);
}

try {
  await main();
} catch (error) {
  console.error(error.message === USAGE ? USAGE : `upscale: ${error.message}`);
  process.exitCode = 2;
}
