// The test: the vectors of a folder, enlarged by graphs of another one.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bicubicProbability } from "./degradation.js";
import { readNpy } from "./npy.js";
import { leastFactor } from "./sizes.js";
import { loadUpscaler } from "./upscaler.js";

function readMap(path) {
  const [{ shape, whole, values }] = readNpy(path);
  const valid = Array.from(values, (value) => (whole ? value !== 0 : !Number.isNaN(value)));
  return { height: shape[0], width: shape[1], values, valid };
}

/** Return the largest difference between maps; infinity if sizes or holes differ. */
function difference(one, other) {
  if (one.height !== other.height || one.valid.join() !== other.valid.join()) return Infinity;
  const off = (value, i) => (one.valid[i] ? Math.abs(value - other.values[i]) : 0);
  return one.values.map(off).reduce((most, each) => Math.max(most, each), 0);
}

/** Enlarge a case's map. */
async function enlarged({ weights, degradation, size, phase, whole_numbers }, depth, graphs) {
  let network = weights.split("/")[0];
  const found = degradation === "auto" && bicubicProbability(depth, join(graphs, "find_degradation.npy")) >= 0.6;
  if (found || degradation === "bicubic") network += "-bicubic";
  const upscale = await loadUpscaler(join(graphs, `${network}-x${leastFactor(depth, size)}.onnx`));
  const [least, greatest] = whole_numbers ?? [-Infinity, Infinity];
  return upscale(depth, { least, greatest, size, phase });
}

const [vectors, graphs] = process.argv.slice(2);
if (!graphs) {
  console.error("usage: node check_vectors.js VECTORS GRAPHS");
  process.exit(2);
}
const { cases } = JSON.parse(readFileSync(join(vectors, "manifest.json"), "utf8"));
const count = { passed: 0, failed: 0 };
for (const each of cases) {
  const result = await enlarged(each, readMap(join(vectors, each.input)), graphs);
  const most = difference(result, readMap(join(vectors, each.output)));
  const holds = most <= each.tolerance;
  if (!holds) console.log(`failed ${each.name}: differs by ${most}`);
  count[holds ? "passed" : "failed"]++;
}
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed || !count.passed ? 1 : 0;
