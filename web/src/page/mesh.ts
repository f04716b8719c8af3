/** Depth maps in space: what the 3-D view draws. */

import {
  type DepthMap,
  type Distances,
  distances,
  type Intrinsics,
  type Stereo,
  trianglesOf,
} from "../engine/index.ts";
import { rangeOf, type Scale, shareOf } from "./colours.ts";
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
  /** What was assumed, in a line; empty for nothing. */
  readonly assumed: string;
}

/**
 * Returns a map as points and a surface around the origin, at distance 1 from the camera.
 *
 * @param camera of a picture of the map's size
 * @param steepest slope in degrees beyond which neighbours are cut apart
 */
export function inSpace(
  whole: DepthMap,
  camera: Intrinsics,
  stereo: Stereo | null,
  scale: Scale,
  steepest: number,
): InSpace {
  const { map, camera: own } = thinned(whole, camera);
  const { assumed, ...found } = distancesOf(map, stereo);
  const { values, known } = found;
  const { width, height } = map;
  const middle = median(found);
  const places = new Float32Array(3 * values.length);
  const shares = new Float32Array(values.length);
  const points: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (!known[i]) continue;
    points.push(i);
    const z = values[i] / middle;
    places[3 * i] = (((i % width) - own.cx) / own.fx) * z;
    places[3 * i + 1] = -((Math.floor(i / width) - own.cy) / own.fy) * z;
    places[3 * i + 2] = 1 - z;
    shares[i] = shareOf(scale, map.values[i]);
  }
  const triangles = trianglesOf(found, own, height, width, steepest);
  const normals = normalsOf(places, triangles);
  return {
    mesh: { places, normals, shares, triangles, points: Uint32Array.from(points) },
    tangent: height / 2 / own.fy,
    aspect: width / own.fx / (height / own.fy),
    spread: 1 / Math.min(own.fx, own.fy),
    assumed,
  };
}

/** Returns every n-th pixel of a map that is too large, with its camera. */
function thinned(map: DepthMap, camera: Intrinsics): { map: DepthMap; camera: Intrinsics } {
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

/** Returns distances along the optical axis, or what stands for them where nothing gives them. */
function distancesOf(map: DepthMap, stereo: Stereo | null): Distances & { assumed: string } {
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
    const [px, py, pz] = [0, 1, 2].map((axis) => places[b + axis] - places[a + axis]);
    const [qx, qy, qz] = [0, 1, 2].map((axis) => places[c + axis] - places[a + axis]);
    const normal = [py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx];
    // All of one length, so that triangles along edges do not outweigh those of the surface.
    const length = Math.hypot(...normal) || 1;
    for (const corner of [a, b, c]) {
      for (let axis = 0; axis < 3; axis++) normals[corner + axis] += normal[axis] / length;
    }
  }
  return normals;
}
