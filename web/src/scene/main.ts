/** The page of `dsdmsr cloud`: one map in space. */

import { showBar, unitSign } from "../page/colours.ts";
import { element, select, sentence } from "../page/dom.ts";
import { facts } from "../page/embedded.ts";
import { type InSpace, inSpace } from "../page/mesh.ts";
import { countText, numberTexts, roundedUp } from "../page/numbers.ts";
import { Orbit } from "../page/orbit.ts";
import { scene, unpacked } from "./data.ts";

const DEGREE = Math.PI / 180;
/** How long the ruler is at least, in pixels. */
const RULER = 60;

let seen: InSpace | null = null;

async function open(): Promise<void> {
  const orbit = new Orbit({ plainWheel: true, drawn: showRuler });
  const { found, colours } = await unpacked();
  seen = inSpace(found, colours, scene.width, scene.camera, scene.steepest);
  orbit.take(seen);
  orbit.surface = scene.steepest !== null;
  const form = select("space-form");
  form.onchange = () => {
    orbit.surface = form.value === "surface";
    orbit.draw();
  };
  element("form-field").hidden = scene.steepest === null;
  element("summary").textContent = summary(seen, found.values);
  const { scale } = scene;
  showBar(element("scale-bar"), scale && { ...scale, colours: facts.colours.values }, false);
  orbit.draw();
  orbit.setTurning(!matchMedia("(prefers-reduced-motion: reduce)").matches);
}

function summary({ mesh, tangent, aspect }: InSpace, values: Float32Array): string {
  const { points, triangles } = mesh;
  const parts = [`${countText(points.length)} points`];
  if (triangles.length) parts.push(`${countText(triangles.length / 3)} triangles`);
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const i of points) {
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  const range = low < high ? numberTexts([low, high]).join(" to ") : numberTexts([low])[0];
  parts.push(`${range}${unitSign(scene.unit) || " (unit unknown)"} from the camera`);
  parts.push(`field of view ${((2 * Math.atan(tangent * aspect)) / DEGREE).toFixed(0)}°`);
  return parts.join(" · ");
}

/** Shows how long a round length is in the middle of the view. */
function showRuler(pixels: number): void {
  if (seen === null) return;
  const per = pixels / seen.middle;
  const length = roundedUp(RULER / per);
  element("ruler").hidden = false;
  element("ruler-bar").style.width = `${length * per}px`;
  element("ruler-text").textContent = `${numberTexts([length])[0]}${unitSign(scene.unit)}`;
}

open().catch((error: unknown) => {
  const absent = element("space-absent");
  absent.textContent = sentence(error instanceof Error ? error.message : String(error));
  absent.hidden = false;
  element("summary").textContent = "";
});
