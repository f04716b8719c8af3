/** The page: from a file to what is shown of it. */

import { MOST_BYTES, READ_SUFFIXES } from "../engine/index.ts";
import { showAgainstTruth } from "./against_truth.ts";
import { ask, Cancelled, cancel } from "./client.ts";
import { Comparison } from "./comparison.ts";
import { element, input, select, sentence } from "./dom.ts";
import { listenToDownloads, showDownloads } from "./downloads.ts";
import { embedded } from "./embedded.ts";
import type { Reading, Unread } from "./messages.ts";
import {
  degradation,
  LIMITS,
  mode,
  settings,
  showEncodings,
  showMode,
  showReading,
  showSize,
} from "./settings.ts";
import { paintMark } from "./mark.ts";
import { resultsOf, type Shown } from "./shown.ts";
import { Space } from "./space.ts";

interface Source {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const comparison = new Comparison();
const space = new Space();
let source: Source | null = null;
let reading: Reading | null = null;
let shown: Shown | null = null;
/** How many jobs there have been; the last one owns the progress bar. */
let jobs = 0;

/** Shows why something cannot be done; a line that begins with the file's name keeps it as it is. */
function say(error: unknown, file = ""): void {
  if (error instanceof Cancelled) return;
  const line = error instanceof Error ? error.message : String(error);
  element("alert").textContent = file && line.startsWith(file) ? line : sentence(line);
}

/** Does one job, with progress and a button that cancels it; ends one that still goes on. */
async function busy<T>(
  what: string,
  work: (progress: (share: number) => void) => Promise<T>,
): Promise<T> {
  if (!element("progress").hidden) cancel();
  const job = ++jobs;
  const bar = element<HTMLProgressElement>("bar");
  element("alert").textContent = "";
  bar.removeAttribute("value");
  element("progress-text").textContent = what;
  element("progress").hidden = element("cancel").hidden = false;
  element<HTMLButtonElement>("run").disabled = true;
  try {
    return await work((share) => {
      bar.value = share;
      element("progress-text").textContent = `${what}, ${Math.round(100 * share)} %`;
    });
  } finally {
    if (job === jobs) element("progress").hidden = element("cancel").hidden = true;
    update();
  }
}

/** Reads a file; its encoding is guessed where none is given. Returns whether that was possible. */
async function read(
  name: string,
  load: () => Promise<Uint8Array>,
  encoding: string | null = null,
): Promise<boolean> {
  try {
    const [bytes, found] = await busy("Reading", async () => {
      const content = await load();
      const takes = { name, bytes: content, encoding, recognise: input("recognise").checked };
      return [content, await ask("read", takes)] as const;
    });
    source = { name, bytes };
    reading = "map" in found ? found : null;
    if ("map" in found) showReading(name, found);
    else showUnread(name, found, encoding);
  } catch (error) {
    say(error, name);
    return false;
  }
  update();
  element("result").hidden = reading === null;
  if (reading === null) return false;
  space.setCamera(reading.map);
  show({ name, input: reading.map, phase: "centre", results: null });
  return true;
}

/** Shows why a file is not read, and the encodings in which it may be. */
function showUnread(name: string, { refused, encodings }: Unread, encoding: string | null): void {
  showEncodings(name, encodings, encoding);
  say(refused, name);
}

function take(file: File): void {
  input("recognise").checked = true;
  if (file.size > MOST_BYTES) {
    const [size, most] = [file.size, MOST_BYTES].map((bytes) => Math.ceil(bytes / 2 ** 20));
    const why = `${file.name} has ${size} MB: up to ${most} are read here`;
    say(`${why}; use the command dsdmsr upscale`, file.name);
    return;
  }
  void read(file.name, async () => new Uint8Array(await file.arrayBuffer()));
}

async function takeSample(): Promise<void> {
  input("recognise").checked = true;
  const name = mode() === "truth" ? "hr_depth.png" : "lr_depth.png";
  if (await read(name, () => embedded(name))) await run();
}

async function run(): Promise<void> {
  if (source === null || reading === null || !showSize(reading.map)) return;
  const chosen = settings();
  const { name } = source;
  const { map } = reading;
  try {
    if (mode() === "truth") {
      const takes = { truth: map, degradation: degradation(), settings: chosen };
      const test = await busy("Upscaling", (progress) => ask("test", takes, progress));
      const { input: low, map: ours, bicubic, truth, metrics } = test;
      const results = resultsOf(low, chosen.scale, chosen.phase, { ours, bicubic, truth, metrics });
      space.setCamera(low);
      show({ name, input: low, phase: chosen.phase, results }, test.seconds);
    } else {
      const takes = { map, settings: chosen };
      const done = await busy("Upscaling", (progress) => ask("upscale", takes, progress));
      const of = { ours: done.map, bicubic: done.bicubic, truth: null, metrics: null };
      const results = resultsOf(map, chosen.scale, chosen.phase, of);
      show({ name, input: map, phase: chosen.phase, results }, done.seconds, done.filledPixels);
    }
  } catch (error) {
    say(error);
  }
}

/** On narrow windows the settings are above the result: go there. */
function reveal(): void {
  if (matchMedia("(max-width: 62rem)").matches) element("result").scrollIntoView();
}

function show(next: Shown, seconds = 0, filled = 0): void {
  shown = next;
  element("welcome").hidden = true;
  element("result").hidden = false;
  const { input: low, results } = next;
  element("title").textContent = next.name;
  const size = `${low.width}×${low.height}`;
  const parts = results
    ? [`${size} → ${results.ours.width}×${results.ours.height}`, `×${results.scale}`]
    : [size, "not upscaled yet"];
  if (results) parts.push(`${element("model").textContent} in ${seconds.toFixed(2)} s`);
  if (filled) parts.push(`${filled.toLocaleString("en-GB")} pixels filled`);
  element("summary").textContent = parts.join(" · ");
  comparison.begin(next);
  space.begin(next);
  showAgainstTruth(results);
  if (results) reveal();
  showDownloads(next);
}

function update(): void {
  const can = showSize(reading?.map ?? null);
  element<HTMLButtonElement>("run").disabled = !can;
  const { scale } = settings();
  element("run").textContent = mode() === "truth" ? `Test ×${scale}` : `Upscale ×${scale}`;
}

function openTab(name: "compare" | "space"): void {
  for (const each of ["compare", "space"]) {
    const tab = element(`tab-${each}`);
    tab.setAttribute("aria-selected", String(each === name));
    tab.tabIndex = each === name ? 0 : -1;
    element(each).hidden = each !== name;
  }
  if (name === "compare") {
    space.setTurning(false);
    comparison.open();
    return;
  }
  space.open();
  space.setTurning(!matchMedia("(prefers-reduced-motion: reduce)").matches);
}

function listenToTabs(): void {
  for (const name of ["compare", "space"] as const) {
    const tab = element(`tab-${name}`);
    tab.onclick = () => openTab(name);
    tab.onkeydown = (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = name === "compare" ? "space" : "compare";
      openTab(other);
      element(`tab-${other}`).focus();
    };
  }
}

function listenToDrops(): void {
  window.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  window.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) document.body.classList.remove("over");
  });
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    const file = event.dataTransfer?.files[0];
    if (file) take(file);
  });
}

function listenToForm(): void {
  const file = input("file");
  file.accept = READ_SUFFIXES.join(",");
  file.onchange = () => {
    const chosen = file.files?.[0];
    if (chosen) take(chosen);
    // So that the same file can be chosen again after it has changed.
    file.value = "";
  };
  element("form").onsubmit = (event) => {
    event.preventDefault();
    void run();
  };
  element("form").addEventListener("change", (event) => {
    if ((event.target as HTMLInputElement).name === "mode") showMode();
    update();
  });
  select("encoding").onchange = input("recognise").onchange = () => {
    if (source === null) return;
    const { name, bytes } = source;
    void read(name, async () => bytes, select("encoding").value || null);
  };
  element("sample").onclick = element("start").onclick = () => void takeSample();
  element("cancel").onclick = () => cancel();
}

function describe(): void {
  const suffixes = READ_SUFFIXES.map((suffix) => suffix.slice(1).toUpperCase());
  const last = suffixes.pop();
  element("formats").textContent =
    `${suffixes.join(", ")} or ${last}: from a depth sensor, stereo, or a network. ` +
    "Encoding and unit are recognised, and can be changed.";
  element("limits").textContent =
    `${suffixes.join(", ")} or ${last}. ${LIMITS}`;
  element("licences").addEventListener("toggle", async () => {
    const text = element("licences-text");
    if (!text.textContent) {
      text.textContent = new TextDecoder().decode(await embedded("licences.txt"));
    }
  });
}

describe();
paintMark(element<HTMLCanvasElement>("mark"));
showMode();
listenToForm();
listenToDrops();
listenToTabs();
listenToDownloads(() => shown, space, say);
update();
