/**
 * Builds the parts of the pages into the Python package: `node build.mjs`; or into another folder:
 * `node build.mjs FOLDER`.
 *
 * The templates have markup, style and scripts; what the package holds anyway (weights, graphs, samples,
 * colours) is put into one by `dsdmsr page`, and a map into the other by `dsdmsr cloud`. Needs `xz`, and
 * a `python3` that has onnxruntime, whose third-party notices the page shows.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "../src/dsdmsr/app/page_files");
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

/** Where Python has the runtime, and its version. */
function pythonRuntime() {
  const script =
    "import importlib.metadata as m, importlib.util as u;" +
    "print(u.find_spec('onnxruntime').origin, m.version('onnxruntime'), sep='\\n')";
  const [origin, version] = execFileSync("python3", ["-c", script], { encoding: "utf8" }).split("\n");
  return { folder: dirname(origin), version };
}

/** The licences of what is ours in a page, of its packages, and ONNX Runtime's with all that it holds. */
function licences(ours, packages) {
  const parts = [`dsdmsr (Apache-2.0), ${ours}\n\n${read("../LICENSE").trim()}`];
  const runtime = packages.includes("onnxruntime-web") ? pythonRuntime() : null;
  for (const name of [...new Set(packages)].sort()) {
    const { version, license } = JSON.parse(read(`node_modules/${name}/package.json`));
    // onnxruntime-web comes without its licence's text, which is the runtime's.
    const text = name.startsWith("onnxruntime-")
      ? readFileSync(join(runtime.folder, "LICENSE"), "utf8")
      : read(`node_modules/${name}/LICENSE`);
    parts.push(`${name} ${version} (${license})\n\n${text.trim()}`);
  }
  if (runtime !== null) {
    const notices = readFileSync(join(runtime.folder, "ThirdPartyNotices.txt"), "utf8").trim();
    parts.push(`What ONNX Runtime ${runtime.version} holds of others\n\n${notices}`);
  }
  return parts.join(`\n\n${"=".repeat(72)}\n\n`);
}

const hashed = (code) => `'sha256-${createHash("sha256").update(code, "utf8").digest("base64")}'`;
const xz = (content) =>
  execFileSync("xz", ["--format=xz", "--lzma2=preset=9e,lc=4,pb=0,dict=16MiB", "-c"], {
    input: content,
    maxBuffer: 1 << 28,
  });

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const styleOf = (...names) =>
  names.map((name) => read(`src/${name}`).replaceAll(/\n\s*/g, "\n").trim()).join("\n");

/** The Content-Security-Policy of a page: one script, one style, and no request. */
function policyOf(script, style, { scripts = "", more = [] } = {}) {
  return [
    "default-src 'none'",
    `script-src ${hashed(script)}${scripts}`,
    `style-src ${hashed(style)}`,
    ...more,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** Writes a template with its parts in it. */
function writeTemplate(name, source, parts) {
  const text = read(source).replaceAll(/\{\{build:(\w+)\}\}/g, (_, part) => parts[part]);
  writeFileSync(join(target, name), text);
  console.log(`${name}: ${text.length} characters`);
}

mkdirSync(target, { recursive: true });

const page = await bundle("src/page/main.ts");
const worker = await bundle("src/page/worker.ts");
const pageStyle = styleOf("page/base.css", "page/style.css");
writeTemplate("template.html", "src/page/page.html", {
  policy: policyOf(page.code, pageStyle, {
    scripts: " 'wasm-unsafe-eval'",
    more: ["worker-src blob:"],
  }),
  style: pageStyle,
  page: page.code,
  worker: worker.code,
});

const scene = await bundle("src/scene/main.ts");
const sceneStyle = styleOf("page/base.css", "scene/style.css");
writeTemplate("scene.html", "src/scene/scene.html", {
  policy: policyOf(scene.code, sceneStyle),
  style: sceneStyle,
  scene: scene.code,
  licences: escaped(licences("code", scene.packages)),
});

writeFileSync(
  join(target, "runtime.wasm.xz"),
  xz(readFileSync(join(here, "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"))),
);
writeFileSync(
  join(target, "licences.txt.xz"),
  xz(Buffer.from(licences("code and weights", [...page.packages, ...worker.packages]))),
);
writeFileSync(join(target, "inputs.sha256"), `${hashOfInputs()}\n`);
