/** The form: what the user has chosen, and what may be chosen. */

import {
  type Degradation,
  type DepthMap,
  ENCODINGS,
  type FoundDegradation,
  goalOf,
  MOST_INPUT_PIXELS,
  type Phase,
  SCALES,
  type StepSource,
} from "../engine/index.ts";
import { meaningOf, rangeOf, unitSign } from "./colours.ts";
import { element, input, made, select, sentence, setOptions } from "./dom.ts";
import type { Reading, Settings } from "./messages.ts";
import { countText, numberTexts } from "./numbers.ts";

/** Pixels of the largest result: that of 640×480 ×8 is within it. */
const MOST_PIXELS = 20_000_000;
/** What is said beforehand of how large maps may be. */
export const LIMITS =
  `Up to ${Math.floor(MOST_INPUT_PIXELS / 1e6)} megapixels, and ${MOST_PIXELS / 1e6} of a result.`;
/** What a degradation that was found means. */
const LOOKS: Readonly<Record<StepSource, string>> = {
  bicubic: "downsampled by antialiased bicubic interpolation",
  area: "downsampled by the mean of blocks",
  opencv_cubic: "downsampled by cubic interpolation, not antialiased",
  samples: "samples, as sensors and renderers give them",
  other: "downsampled in another way",
};
const FACTORS = Array.from({ length: 15 }, (_, i) => i + 2);

export type Mode = "upscale" | "truth";

const HINTS: Record<Mode, string> = {
  upscale: "The file is a low-resolution depth map.",
  truth:
    "The file is a high-resolution map. It is downsampled, upscaled again, and the result is " +
    "compared with it.",
};

export const mode = (): Mode =>
  (document.querySelector<HTMLInputElement>("input[name=mode]:checked")!.value as Mode) ?? "upscale";

/** Shows the fields of the chosen mode. */
export function showMode(): void {
  document.body.dataset.mode = mode();
  element("mode-hint").textContent = HINTS[mode()];
  const factors = mode() === "truth" ? SCALES : FACTORS;
  const before = select("scale").value || "4";
  setOptions(
    select("scale"),
    factors.map((factor) => [String(factor), `×${factor}`]),
  );
  select("scale").value = factors.includes(Number(before)) ? before : "4";
}

export const degradation = (): Degradation => select("degradation").value as Degradation;

/** What the form says of upscaling. */
export function settings(): Settings {
  // Every s-th sample sits on the first pixel of its block.
  const tested: Phase = degradation() === "interval" ? "corner" : "centre";
  return {
    scale: Number(select("scale").value),
    phase: mode() === "truth" ? tested : (select("phase").value as Phase),
    fill: Math.max(0, Math.round(input("fill").valueAsNumber || 0)),
    edges: select("edges").value as Settings["edges"],
    errors: input("errors").checked,
  };
}

/** What keeps a map from being upscaled as the form says, in a line; null for nothing. */
export function obstacle(map: DepthMap): string | null {
  const { scale } = settings();
  if (!map.valid.includes(1)) return "no pixel of the map is valid: choose another encoding or file";
  if (mode() === "truth") {
    const least = Math.min(map.height, map.width);
    return least < 2 * scale
      ? `${map.width}×${map.height} is too small to be downsampled by ${scale}: choose a smaller factor`
      : null;
  }
  const pixels = scale * scale * map.values.length;
  return pixels > MOST_PIXELS
    ? `×${scale} would have ${(pixels / 1e6).toFixed(1)} megapixels; up to ${MOST_PIXELS / 1e6} ` +
        "fit here: choose a smaller factor, or the command dsdmsr upscale"
    : null;
}

/** Shows how large the result becomes, or why there is none; returns whether there is one. */
export function showSize(map: DepthMap | null): boolean {
  const line = element("size");
  const why = map && obstacle(map);
  line.classList.toggle("over", why !== null);
  if (map === null || why) {
    line.textContent = sentence(why ?? "");
    return false;
  }
  const { scale } = settings();
  if (mode() === "truth") {
    const [width, height] = [map.width, map.height].map((side) => Math.floor(side / scale));
    line.textContent = `${width * scale}×${height * scale} → ${width}×${height} → ${width * scale}×${height * scale}`;
    return true;
  }
  const goal = goalOf({ scale }, map.height, map.width);
  line.textContent = `${map.width}×${map.height} → ${goal.width}×${goal.height}`;
  return true;
}

/** Shows a file, and the encodings that its numbers may have; null for one still to be chosen. */
export function showEncodings(
  name: string,
  encodings: readonly string[],
  encoding: string | null,
): void {
  element("reading").hidden = false;
  element("file-name").textContent = name;
  const none: [string, string][] = encoding === null ? [["", "choose one"]] : [];
  setOptions(select("encoding"), [
    ...none,
    ...encodings.map((each): [string, string] => [each, each]),
  ]);
  select("encoding").value = encoding ?? "";
  for (const id of ["facts", "notes", "encoding-meaning", "degradation-found"]) {
    element(id).replaceChildren();
  }
}

/** Shows what a file holds. */
export function showReading(name: string, { map, encodings, found }: Reading): void {
  const encoding = map.encoding ?? "float";
  showEncodings(name, encodings, encoding);
  // A guess is announced among the notes, with what it means.
  const announced = map.notes.some((note) => note.startsWith("read as"));
  element("encoding-meaning").textContent = announced
    ? ""
    : sentence(ENCODINGS[encoding]?.meaning ?? "");
  const holes = map.valid.reduce((sum, each) => sum + 1 - each, 0);
  const { low, high } = rangeOf(map);
  const facts: [string, string][] = [
    ["size", `${map.width}×${map.height}`],
    ["values", meaningOf(map.kind, map.unit)],
    ["range", `${numberTexts([low, high]).join(" to ")}${unitSign(map.unit)}`],
    ["holes", `${countText(holes)} pixels, ${((100 * holes) / map.valid.length).toFixed(1)} %`],
  ];
  element("facts").replaceChildren(
    ...facts.flatMap(([term, value]) => [made("dt", term), made("dd", value)]),
  );
  element("notes").replaceChildren(...map.notes.map((note) => made("li", sentence(note))));
  element("degradation-found").textContent = foundText(found);
  // Where codes were recognised, or would have been, there is a choice.
  const recognised = map.notes.some((note) => note.endsWith("taken for no surface"));
  element("recognise-field").hidden = !recognised && input("recognise").checked;
}

/** What the map's steps say about how it was downsampled. */
function foundText(found: FoundDegradation | null): string {
  if (found === null) return "Too few depth edges to tell how the map was downsampled.";
  const steps = `${countText(found.steps)} depth edges`;
  if (found.name === null) return `${steps}, which do not tell how the map was downsampled.`;
  const share = `(${Math.round(100 * found.probability)} %)`;
  return found.name === "samples"
    ? `${steps} look like ${LOOKS.samples} ${share}. If each was the first pixel of its block in a ` +
        "larger map, choose that phase."
    : `${steps} look ${LOOKS[found.name]} ${share}.`;
}
