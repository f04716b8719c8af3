/**
 * Builds the page's parts into the Python package: `node build.mjs`.
 *
 * The template has markup, style and scripts; what the package holds anyway (weights, graphs, samples,
 * colours) is put into it by `dsdmsr page`. Needs `xz`, and a `python3` that has onnxruntime, whose
 * third-party notices the page shows.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../src/dsdmsr/app/page_files");
const read = (path) => readFileSync(join(here, path), "utf8");

/** Every file that the built ones depend on, in order. */
function inputs() {
  const sources = readdirSync(join(here, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(here, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
  return [...sources, "build.mjs", "package-lock.json", "package.json", "tsconfig.json"].sort();
}

/** The hash of names and contents, which `tests/web/test_build.py` computes in Python. */
function hashOfInputs() {
  const hash = createHash("sha256");
  for (const name of inputs()) {
    const content = createHash("sha256").update(readFileSync(join(here, name))).digest("hex");
    hash.update(`${content}  ${name}\n`);
  }
  return hash.digest("hex");
}

/** One script of everything that an entry imports, and the packages it is of. */
async function bundle(entry) {
  const result = await build({
    entryPoints: [join(here, entry)],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    legalComments: "none",
    absWorkingDir: here,
  });
  const packages = Object.keys(result.metafile.inputs)
    .map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
    .filter((name) => name !== undefined);
  // A script element ends at the first </script, wherever that is, and <!-- hides that.
  const code = result.outputFiles[0].text.replaceAll("</script", "<\\/script");
  if (code.includes("<!--")) throw new Error(`${entry}: a script in HTML cannot hold <!--`);
  return { code, packages };
}

/** The licences of the packages in the page, and ONNX Runtime's with all that it holds. */
function licences(packages) {
  const script = "import importlib.util as u; print(u.find_spec('onnxruntime').origin)";
  const runtime = dirname(execFileSync("python3", ["-c", script], { encoding: "utf8" }).trim());
  const parts = [`dsdmsr (Apache-2.0), code and weights\n\n${read("../LICENSE").trim()}`];
  for (const name of [...new Set(packages)].sort()) {
    const { version, license } = JSON.parse(read(`node_modules/${name}/package.json`));
    // onnxruntime-web comes without its licence's text, which is the runtime's.
    const text = name.startsWith("onnxruntime-")
      ? readFileSync(join(runtime, "LICENSE"), "utf8")
      : read(`node_modules/${name}/LICENSE`);
    parts.push(`${name} ${version} (${license})\n\n${text.trim()}`);
  }
  const notices = readFileSync(join(runtime, "ThirdPartyNotices.txt"), "utf8").trim();
  parts.push(`What ONNX Runtime holds of others\n\n${notices}`);
  return parts.join(`\n\n${"=".repeat(72)}\n\n`);
}

const hashed = (code) => `'sha256-${createHash("sha256").update(code, "utf8").digest("base64")}'`;
const xz = (content) =>
  execFileSync("xz", ["--format=xz", "--lzma2=preset=9e,lc=4,pb=0,dict=16MiB", "-c"], {
    input: content,
    maxBuffer: 1 << 28,
  });

const page = await bundle("src/page/main.ts");
const worker = await bundle("src/page/worker.ts");
const style = read("src/page/style.css").replaceAll(/\n\s*/g, "\n").trim();
const policy = [
  "default-src 'none'",
  `script-src ${hashed(page.code)} 'wasm-unsafe-eval'`,
  `style-src ${hashed(style)}`,
  "worker-src blob:",
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
const parts = { policy, style, page: page.code, worker: worker.code };
const template = read("src/page/page.html").replaceAll(
  /\{\{build:(\w+)\}\}/g,
  (_, name) => parts[name],
);

mkdirSync(target, { recursive: true });
writeFileSync(join(target, "template.html"), template);
writeFileSync(
  join(target, "runtime.wasm.xz"),
  xz(readFileSync(join(here, "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"))),
);
writeFileSync(
  join(target, "licences.txt.xz"),
  xz(Buffer.from(licences([...page.packages, ...worker.packages]))),
);
writeFileSync(join(target, "inputs.sha256"), `${hashOfInputs()}\n`);
console.log(`built into ${relative(process.cwd(), target)}: template ${template.length} characters`);
