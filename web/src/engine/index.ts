/** The engine of the page: depth files in, larger depth maps out, without the DOM. */

export type { Encoding } from "./encodings.ts";
export { ENCODINGS } from "./encodings.ts";
export { loadNetwork, Network } from "./network.ts";
export type { Goal } from "./sizes.ts";
export { goalOf, stretchLine } from "./sizes.ts";
export * from "./types.ts";
export { checkLimit, MOST_PIXELS, upscale } from "./upscale.ts";
