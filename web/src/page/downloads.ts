/** The result as files. */

import { type DepthMap, ENCODINGS, type WriteFormat } from "../engine/index.ts";
import { ask } from "./client.ts";
import { element, select, setOptions } from "./dom.ts";
import type { Shown } from "./shown.ts";
import type { Space } from "./space.ts";

type Format = WriteFormat | "ply";

/** Offers what a result can be written to. */
export function showDownloads(shown: Shown): void {
  element("downloads").hidden = shown.results === null;
  element("download-hint").textContent = "";
  if (shown.results === null) return;
  const { ours } = shown.results;
  const names = wholeEncodings(ours);
  // No PNG has heights, which may be below 0.
  for (const each of document.querySelectorAll<HTMLButtonElement>("[data-format=png]")) {
    each.disabled = !names.length;
  }
  element("png-field").hidden = !names.length;
  setOptions(
    select("png-encoding"),
    names.map((name) => [name, name]),
  );
  if (ours.encoding !== null && names.includes(ours.encoding)) {
    select("png-encoding").value = ours.encoding;
  }
}

/** Returns the encodings of whole numbers, as a PNG has them, that are of a map's kind. */
function wholeEncodings(map: DepthMap): string[] {
  return Object.keys(ENCODINGS).filter(
    (name) => ENCODINGS[name].largest !== null && ENCODINGS[name].kind === map.kind,
  );
}

/** Writes a result where a button asks for it. */
export function listenToDownloads(
  current: () => Shown | null,
  space: Space,
  fail: (error: unknown) => void,
): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("#downloads button")) {
    button.onclick = () => {
      const shown = current();
      if (shown?.results) save(shown, button.dataset.format as Format, space).catch(fail);
    };
  }
}

async function save(shown: Shown, format: Format, space: Space): Promise<void> {
  const { ours, scale } = shown.results!;
  const bytes = await content(ours, format, space);
  const stem = shown.name.replace(/\.[^.]*$/, "");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  link.download = `${stem}_x${scale}.${format}`;
  link.click();
  // Not at once: the browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  element("download-hint").textContent = `Saved ${link.download}.`;
}

function content(map: DepthMap, format: Format, space: Space): Promise<Uint8Array> {
  if (format === "ply") {
    const { stereo } = space.cameras();
    return ask("writePoints", { map, camera: space.cameraOf(map), stereo });
  }
  const encoding = format === "png" ? select("png-encoding").value : null;
  return ask("write", { map, format, encoding });
}
