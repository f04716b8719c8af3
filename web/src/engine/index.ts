/** The engine of the page: depth files in, larger depth maps out, without the DOM. */

export type { Encoding } from "./encodings.ts";
export { ENCODINGS } from "./encodings.ts";
export type { ReadOptions } from "./files/read.ts";
export {
  encodingsFor,
  MOST_BYTES,
  MOST_INPUT_PIXELS,
  READ_SUFFIXES,
  readDepth,
} from "./files/read.ts";
export type { WriteFormat } from "./files/write.ts";
export { writeDepth } from "./files/write.ts";
export { loadNetwork, Network } from "./network.ts";
export type { Axis, Goal } from "./sizes.ts";
export { axisOf, goalOf, mappedCamera, SCALES, stretchLine } from "./sizes.ts";
export * from "./types.ts";
export { checkLimit, MOST_PIXELS, upscale } from "./upscale.ts";
export { bicubic } from "./bicubic.ts";
export type { DegradationWeights } from "./degradation.ts";
export { degradationLine, estimateDegradation, readDegradationWeights } from "./degradation.ts";
export { croppedTo, downsample } from "./downsample.ts";
export type { Distances } from "./geometry.ts";
export { distances, packPly, pointsOf, STEEPEST, trianglesOf } from "./geometry.ts";
export type { MetricOptions } from "./metrics.ts";
export { metrics } from "./metrics.ts";
