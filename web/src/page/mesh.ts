/** Depth maps in space: what the 3-D view draws. */

import {
  type DepthMap,
  distances,
  type Intrinsics,
  type Stereo,
  triangles,
} from "../engine/index.ts";
import { type Scale, shareOf } from "./colours.ts";
import type { Mesh } from "./renderer.ts";
import { rangeOf } from "./colours.ts";

const MOST_POINTS = 1_200_000;
/** How many times as far as the nearest the farthest is taken to be, where nothing says it. */
const FARTHEST = 4;
/** Of the width, what heights are exaggerated to. */
const RELIEF = 0.2;

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
  const { distance, known, assumed } = distancesOf(map, stereo);
  const { width, height } = map;
  const middle = median(distance, known);
  const places = new Float32Array(3 * distance.length);
  const shares = new Float32Array(distance.length);
  const points: number[] = [];
  for (let i = 0; i < distance.length; i++) {
    if (!known[i]) continue;
    points.push(i);
    const z = distance[i] / middle;
    places[3 * i] = (((i % width) - own.cx) / own.fx) * z;
    places[3 * i + 1] = -((Math.floor(i / width) - own.cy) / own.fy) * z;
    places[3 * i + 2] = 1 - z;
    shares[i] = shareOf(scale, map.values[i]);
  }
  const faces = triangles(distance, known, height, width, own, steepest);
  return {
    mesh: {
      places,
      shares,
      triangles: Uint32Array.from(faces),
      points: Uint32Array.from(points),
    },
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

interface Distances {
  readonly distance: Float64Array;
  readonly known: Uint8Array;
  readonly assumed: string;
}

/** Returns distances along the optical axis, or what stands for them where nothing gives them. */
function distancesOf(map: DepthMap, stereo: Stereo | null): Distances {
  const relative = map.kind === "inverse_depth" && map.unit === null;
  const blind = map.kind === "disparity" && (stereo === null || map.unit !== "px");
  if (map.kind !== "height" && !relative && !blind) {
    const { distance, known } = distances(map, stereo);
    return { distance: Float64Array.from(distance), known, assumed: "" };
  }
  const { low, high } = rangeOf(map);
  const span = high - low || 1;
  const share = Float64Array.from(map.values, (value) => (value - low) / span);
  if (map.kind === "height") {
    const distance = share.map((each) => 1 + RELIEF * (0.5 - each));
    return { distance, known: map.valid, assumed: "Heights span a fifth of the distance." };
  }
  const nearest = share.map((each) => 1 / (1 / FARTHEST + (1 - 1 / FARTHEST) * each));
  const what = relative ? "Relative inverse depth has no scale" : "Disparity needs two cameras";
  const assumed = `${what}: the farthest point is taken to be ${FARTHEST} times as far as the nearest.`;
  return { distance: nearest, known: map.valid, assumed };
}

function median(distance: Float64Array, known: Uint8Array): number {
  const values = distance.filter((_, i) => known[i]).sort();
  return values.length ? values[values.length >> 1] : 1;
}
