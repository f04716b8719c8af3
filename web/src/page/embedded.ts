/** What `dsdmsr page` puts into the page. */

import { unpack } from "./unpack.ts";

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [number, number, number];

interface Facts {
  readonly version: string;
  readonly model: string;
  readonly colours: {
    /** From far to near. */
    readonly values: readonly Colour[];
    /** From no error to the largest. */
    readonly errors: readonly Colour[];
    readonly invalid: Colour;
  };
}

const text = (id: string): string => document.getElementById(id)!.textContent!;

export const facts: Facts = JSON.parse(text("page-facts"));
/** Files by name, packed. */
export const files: Readonly<Record<string, string>> = JSON.parse(text("page-files"));

/** The worker's script. */
export const workerScript = (): string => text("page-worker");

/** Unpacks an embedded file. */
export function embedded(name: string): Promise<Uint8Array> {
  return unpack(files[name]);
}
