// The test: the vectors of a folder, enlarged by graphs of another one.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadUpscaler } from "./upscaler.js";

/** Read an NPY file of little-endian float32 or uint16. Source: NumPy's documentation of the format. */
function readNpy(path) {
  const content = readFileSync(path);
  const start = 10 + content.readUInt16LE(8);
  const header = content.toString("latin1", 10, start);
  const [height, width] = /'shape': \((\d+), (\d+)\)/.exec(header).slice(1).map(Number);
  const whole = header.includes("'<u2'");
  const values = Float64Array.from({ length: height * width }, (_, i) =>
    whole ? content.readUInt16LE(start + 2 * i) : content.readFloatLE(start + 4 * i),
  );
  return { height, width, values, valid: Array.from(values, (value) => (whole ? value !== 0 : !Number.isNaN(value))) };
}

/** Return the largest difference between maps; infinity if sizes or holes differ. */
function difference(one, other) {
  if (one.height !== other.height || one.valid.join() !== other.valid.join()) return Infinity;
  const off = (value, i) => (one.valid[i] ? Math.abs(value - other.values[i]) : 0);
  return one.values.map(off).reduce((most, each) => Math.max(most, each), 0);
}

const [vectors, graphs] = process.argv.slice(2);
if (!graphs) {
  console.error("usage: node check_vectors.js VECTORS GRAPHS");
  process.exit(2);
}
const { cases } = JSON.parse(readFileSync(join(vectors, "manifest.json"), "utf8"));
const count = { passed: 0, failed: 0, skipped: 0 };
for (const each of cases) {
  if (each.beyond.length) {
    console.log(`skipped ${each.name}: ${each.beyond.join(", ")}`);
    count.skipped++;
    continue;
  }
  const graph = join(graphs, `${each.weights.replace("/", "-")}-x${each.factor}.onnx`);
  const upscale = await loadUpscaler(graph);
  const [least, greatest] = each.whole_numbers ?? [-Infinity, Infinity];
  const result = await upscale(readNpy(join(vectors, each.input)), { least, greatest });
  const most = difference(result, readNpy(join(vectors, each.output)));
  const holds = most <= each.tolerance;
  if (!holds) console.log(`failed ${each.name}: differs by ${most}`);
  count[holds ? "passed" : "failed"]++;
}
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exitCode = count.failed || !count.passed ? 1 : 0;
