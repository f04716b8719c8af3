// Runs ONNX graphs with onnxruntime-web in Node.js: a JSON object a line in, one a line out.
//
// {load: path} gives {version} or {error}; {run: path, inputs: {name: {shape, data}}} gives {outputs: [{shape, data}]},
// in the graph's order. Data are float32, in base64.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import * as ort from "onnxruntime-web";

const WEIGHTS = "model.safetensors";
ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";
const sessions = new Map();

async function load(path) {
  const weights = join(dirname(path), WEIGHTS);
  const externalData = existsSync(weights) ? [{ path: WEIGHTS, data: readFileSync(weights) }] : [];
  const options = { executionProviders: ["wasm"], externalData };
  sessions.set(path, await ort.InferenceSession.create(readFileSync(path), options));
  return { version: ort.env.versions.web };
}

function tensor({ shape, data }) {
  const bytes = Uint8Array.from(Buffer.from(data, "base64"));
  return new ort.Tensor("float32", new Float32Array(bytes.buffer), shape);
}

async function run(path, inputs) {
  const session = sessions.get(path);
  const feeds = Object.fromEntries(Object.entries(inputs).map(([name, map]) => [name, tensor(map)]));
  const given = await session.run(feeds);
  const outputs = session.outputNames.map((name) => {
    const { data, dims } = given[name];
    return { shape: dims, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") };
  });
  return { outputs };
}

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  let reply;
  try {
    reply = question.load ? await load(question.load) : await run(question.run, question.inputs);
  } catch (error) {
    reply = { error: String(error.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
