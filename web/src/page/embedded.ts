/** What the commands put into a page. */

import { unpack } from "./unpack.ts";

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

interface Facts {
  readonly colours: {
    /** From far to near. */
    readonly values: readonly Colour[];
    /** From no error to the largest. */
    readonly errors: readonly Colour[];
    readonly invalid: Colour;
  };
}

const text = (id: string): string => document.getElementById(id)!.textContent!;
/** What a script element of JSON holds. */
export const json = <T>(id: string): T => JSON.parse(text(id));

export const facts = json<Facts>("page-facts");
/** Files by name, packed. */
export const files = json<Readonly<Record<string, string>>>("page-files");

/** The worker's script. */
export const workerScript = (): string => text("page-worker");

/** Unpacks an embedded file. */
export function embedded(name: string): Promise<Uint8Array> {
  return unpack(files[name]);
}
