/** The engine of the page: depth files in, larger depth maps out, without the DOM. */

export * from "./types.ts";
