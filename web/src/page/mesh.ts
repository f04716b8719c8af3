/** Depth maps in space: what the 3-D view draws. */

import { type Distances, distances, trianglesOf } from "../engine/geometry.ts";
import type { DepthMap, Intrinsics, Stereo } from "../engine/types.ts";
import { rangeOf } from "./colours.ts";
import type { Mesh } from "./renderer.ts";

const MOST_POINTS = 1_200_000;
/** How many times as far as the nearest the farthest is taken to be, where nothing says it. */
const FARTHEST = 4;
/** Of the width, what heights are exaggerated to. */
const RELIEF = 0.2;

/** The angle of view that a camera is taken to have where nothing says it, across the width. */
const WIDE = (60 * Math.PI) / 180;

/** The camera of a map whose camera is not known. */
export function defaultCamera({ height, width }: DepthMap): Intrinsics {
  const focal = Math.max(width, height) / 2 / Math.tan(WIDE / 2);
  return { fx: focal, fy: focal, cx: (width - 1) / 2, cy: (height - 1) / 2 };
}

/** A map in space, and what the viewer needs to know of it. */
export interface InSpace {
  readonly mesh: Mesh;
  /** The camera's vertical half angle, as a tangent, and how many times wider the picture is. */
  readonly tangent: number;
  readonly aspect: number;
  /** How far pixels lie apart at distance 1. */
  readonly spread: number;
  /** The map's distance that is 1 in the mesh. */
  readonly middle: number;
}

/**
 * Returns distances as points and a surface around the origin, at distance 1 from the camera.
 *
 * @param colours red, green and blue of each pixel
 * @param camera of a picture of `width` pixels a row
 * @param steepest slope in degrees beyond which neighbours are cut apart; null for no surface
 */
export function inSpace(
  found: Distances,
  colours: Uint8Array,
  width: number,
  camera: Intrinsics,
  steepest: number | null,
): InSpace {
  const { values, known } = found;
  const height = values.length / width;
  const middle = median(found);
  // Of a map that is cropped, the middle may be far from the optical axis.
  const right = ((width - 1) / 2 - camera.cx) / camera.fx;
  const down = ((height - 1) / 2 - camera.cy) / camera.fy;
  const places = new Float32Array(3 * values.length);
  const points: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (!known[i]) continue;
    points.push(i);
    const z = values[i] / middle;
    places[3 * i] = (((i % width) - camera.cx) / camera.fx) * z - right;
    places[3 * i + 1] = down - ((Math.floor(i / width) - camera.cy) / camera.fy) * z;
    places[3 * i + 2] = 1 - z;
  }
  const triangles =
    steepest === null ? new Uint32Array() : trianglesOf(found, camera, height, width, steepest);
  const normals = normalsOf(places, triangles);
  return {
    mesh: { places, normals, colours, triangles, points: Uint32Array.from(points) },
    tangent: height / 2 / camera.fy,
    aspect: width / camera.fx / (height / camera.fy),
    spread: 1 / Math.min(camera.fx, camera.fy),
    middle,
  };
}

/** Returns every n-th pixel of a map that is too large, with its camera. */
export function thinned(
  map: DepthMap,
  camera: Intrinsics,
): { map: DepthMap; camera: Intrinsics } {
  const step = Math.ceil(Math.sqrt(map.values.length / MOST_POINTS));
  if (step === 1) return { map, camera };
  const [height, width] = [Math.ceil(map.height / step), Math.ceil(map.width / step)];
  const values = new Float32Array(height * width);
  const valid = new Uint8Array(height * width);
  for (let i = 0; i < values.length; i++) {
    const from = Math.floor(i / width) * step * map.width + (i % width) * step;
    values[i] = map.values[from];
    valid[i] = map.valid[from];
  }
  const { fx, fy, cx, cy } = camera;
  return {
    map: { ...map, values, valid, height, width, error: null },
    camera: { fx: fx / step, fy: fy / step, cx: cx / step, cy: cy / step },
  };
}

/**
 * Returns distances along the optical axis, or what stands for them where nothing gives them;
 * and what was assumed then, in a line.
 */
export function distancesOf(
  map: DepthMap,
  stereo: Stereo | null,
): Distances & { assumed: string } {
  const relative = map.kind === "inverse_depth" && map.unit === null;
  const blind = map.kind === "disparity" && (stereo === null || map.unit !== "px");
  if (map.kind !== "height" && !relative && !blind) {
    return { ...distances(map, stereo), assumed: "" };
  }
  const { low, high } = rangeOf(map);
  const span = high - low || 1;
  const share = map.values.map((value) => (value - low) / span);
  if (map.kind === "height") {
    const values = share.map((each) => 1 + RELIEF * (0.5 - each));
    return { values, known: map.valid, assumed: "Heights span a fifth of the distance." };
  }
  const values = share.map((each) => 1 / (1 / FARTHEST + (1 - 1 / FARTHEST) * each));
  const what = relative ? "Relative inverse depth has no scale" : "Disparity needs two cameras";
  const assumed = `${what}: the farthest point is taken to be ${FARTHEST} times as far as the nearest.`;
  return { values, known: map.valid, assumed };
}

function median({ values, known }: Distances): number {
  const sorted = values.filter((_, i) => known[i]).sort();
  return sorted.length ? sorted[sorted.length >> 1] : 1;
}

/** Returns the normal of a surface at each point, not of length 1: the sum of its triangles'. */
function normalsOf(places: Float32Array, triangles: Uint32Array): Float32Array {
  const normals = new Float32Array(places.length);
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [3 * triangles[t], 3 * triangles[t + 1], 3 * triangles[t + 2]];
    const px = places[b] - places[a];
    const py = places[b + 1] - places[a + 1];
    const pz = places[b + 2] - places[a + 2];
    const qx = places[c] - places[a];
    const qy = places[c + 1] - places[a + 1];
    const qz = places[c + 2] - places[a + 2];
    const [nx, ny, nz] = [py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx];
    // All of one length, so that triangles along edges do not outweigh those of the surface.
    const length = Math.sqrt(nx * nx + ny * ny + nz * nz) || 1;
    for (const corner of [a, b, c]) {
      normals[corner] += nx / length;
      normals[corner + 1] += ny / length;
      normals[corner + 2] += nz / length;
    }
  }
  return normals;
}
