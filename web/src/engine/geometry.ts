/** Points and surfaces in space, from depth maps; and their PLY files. */

import type { DepthMap, Intrinsics, Stereo } from "./types.ts";
import { UpscaleError } from "./types.ts";

/** Degrees from the image plane beyond which two neighbours are taken to lie on two surfaces. */
export const STEEPEST = 85;

/** Distances along the optical axis, and which of them are known. */
export interface Distances {
  readonly values: Float32Array;
  readonly known: Uint8Array;
}

/**
 * Distances along the optical axis. What has no unit keeps its own.
 *
 * @param stereo What turns disparity into depth.
 * @throws UpscaleError if the map is disparity without `stereo`, or none of depth at all.
 */
export function distances(map: DepthMap, stereo: Stereo | null = null): Distances {
  const inverse = inverseOf(map, stereo);
  const values = new Float32Array(map.values.length);
  const known = new Uint8Array(map.values.length);
  map.values.forEach((value, k) => {
    const distance = Math.fround(inverse === null ? value : 1 / inverse(value));
    if (!map.valid[k] || !(distance > 0) || !Number.isFinite(distance)) return;
    values[k] = distance;
    known[k] = 1;
  });
  return { values, known };
}

/** What makes inverse depth of a map's values; null if they are depth. */
function inverseOf(map: DepthMap, stereo: Stereo | null): ((value: number) => number) | null {
  if (map.kind === "depth") return null;
  if (map.kind === "inverse_depth") return (value) => value;
  if (map.kind === "height") throw new UpscaleError("heights have no distance from a camera");
  if (stereo === null) {
    throw new UpscaleError(
      "no focal length and baseline are known, so that disparity cannot become depth: give them",
    );
  }
  if (map.unit === "level") {
    throw new UpscaleError("the map is in levels: give disparity in pixels, or depth in metres");
  }
  const { focal, baseline, doffs } = stereo;
  return (value) => (value + doffs) / (baseline * focal);
}

/** The points of all pixels in space, x right, y down, z forward: three numbers each. */
export function pointsOf({ values }: Distances, camera: Intrinsics, width: number): Float32Array {
  const points = new Float32Array(3 * values.length);
  values.forEach((distance, k) => {
    points[3 * k] = (((k % width) - camera.cx) / camera.fx) * distance;
    points[3 * k + 1] = ((Math.floor(k / width) - camera.cy) / camera.fy) * distance;
    points[3 * k + 2] = distance;
  });
  return points;
}

/**
 * A surface through neighbouring pixels, cut where it would be too steep: three numbers of pixels
 * for each triangle, counted row by row, anticlockwise as the camera sees them.
 */
export function trianglesOf(
  { values, known }: Distances,
  camera: Intrinsics,
  height: number,
  width: number,
  steepest = STEEPEST,
): Uint32Array {
  // At a slope of t a surface is t·z/f further away a pixel further on.
  const most = Math.tan((steepest * Math.PI) / 180) / Math.min(camera.fx, camera.fy);
  const faces = new Uint32Array(6 * Math.max(height - 1, 0) * Math.max(width - 1, 0));
  let count = 0;
  const add = (a: number, b: number, c: number) => {
    if (!known[a] || !known[b] || !known[c]) return;
    const least = Math.min(values[a], values[b], values[c]);
    if (Math.max(values[a], values[b], values[c]) - least > most * least) return;
    faces[count++] = a;
    faces[count++] = b;
    faces[count++] = c;
  };
  for (const half of [0, 1]) {
    for (let row = 0; row + 1 < height; row++) {
      for (let column = 0; column + 1 < width; column++) {
        const a = row * width + column;
        if (half === 0) add(a, a + width, a + 1);
        else add(a + 1, a + width, a + width + 1);
      }
    }
  }
  return faces.slice(0, count);
}

/**
 * The content of a binary PLY file of a map's points, as `dsdmsr cloud` writes it.
 *
 * @throws UpscaleError as for `distances`; or if no point is known.
 */
export function packPly(
  map: DepthMap,
  camera: Intrinsics,
  stereo: Stereo | null = null,
): Uint8Array {
  const found = distances(map, stereo);
  if (!found.known.includes(1)) {
    throw new UpscaleError("no pixel is valid, so there are no points");
  }
  const points = pointsOf(found, camera, map.width);
  const kept = points.filter((_, k) => found.known[(k / 3) | 0]);
  const lines = [
    "ply",
    "format binary_little_endian 1.0",
    `element vertex ${kept.length / 3}`,
    ..."xyz".split("").map((axis) => `property float ${axis}`),
    "end_header",
    "",
  ];
  const header = new TextEncoder().encode(lines.join("\n"));
  const content = new Uint8Array(header.length + 4 * kept.length);
  content.set(header);
  content.set(new Uint8Array(kept.buffer), header.length);
  return content;
}
