/** The result as files. */

import { canWrite } from "../engine/index.ts";
import { ask } from "./client.ts";
import { element } from "./dom.ts";
import type { Shown } from "./shown.ts";
import type { Space } from "./space.ts";

const SUFFIXES = { png16: "png", pfm: "pfm", npy: "npy", ply: "ply" } as const;
type Format = keyof typeof SUFFIXES;

const buttons = (): HTMLButtonElement[] => [
  ...document.querySelectorAll<HTMLButtonElement>("#downloads button"),
];

/** Offers what a result can be written to. */
export function showDownloads(shown: Shown): void {
  element("downloads").hidden = shown.results === null;
  if (shown.results === null) return;
  const { ours } = shown.results;
  const png = canWrite(ours, "png16");
  for (const button of buttons()) button.disabled = button.dataset.format === "png16" && png !== null;
  element("download-hint").textContent = png ?? "";
}

/** Writes a result where a button asks for it. */
export function listenToDownloads(
  current: () => Shown | null,
  space: Space,
  fail: (error: unknown) => void,
): void {
  for (const button of buttons()) {
    button.onclick = () => {
      const shown = current();
      if (shown?.results) save(shown, button.dataset.format as Format, space).catch(fail);
    };
  }
}

async function save(shown: Shown, format: Format, space: Space): Promise<void> {
  const { ours, scale } = shown.results!;
  const { stereo } = space.cameras();
  const bytes =
    format === "ply"
      ? await ask("writePoints", { map: ours, camera: space.cameraOf(ours), stereo })
      : await ask("write", { map: ours, format, encoding: null });
  const stem = shown.name.replace(/\.[^.]*$/, "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  link.download = `${stem}_x${scale}.${SUFFIXES[format]}`;
  link.click();
  // Not at once: the browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  element("download-hint").textContent = `${link.download} was written.`;
}
