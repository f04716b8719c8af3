/** The 3-D view: a map as points or a surface that can be turned. */

import {
  axisOf,
  type DepthMap,
  type Intrinsics,
  mappedCamera,
  type Stereo,
} from "../engine/index.ts";
import { coloursOf, type Scale, valueScale } from "./colours.ts";
import { element, input, select, sentence, setOptions } from "./dom.ts";
import { defaultCamera, distancesOf, inSpace, thinned } from "./mesh.ts";
import { countText } from "./numbers.ts";
import { Orbit } from "./orbit.ts";
import { mapsOf, type Named, type Shown } from "./shown.ts";

const DEGREE = Math.PI / 180;

/** The view, its controls, and the camera that the user gives. */
export class Space {
  private shown: Shown | null = null;
  private scale: Scale | null = null;
  private stale = true;
  private readonly orbit = new Orbit({ plainWheel: false });

  constructor() {
    select("space-form").onchange = () => this.open();
    for (const field of [select("space-map"), ...element("cameras").querySelectorAll("input")]) {
      field.addEventListener("change", () => {
        this.stale = true;
        if (this.shown) this.open();
      });
    }
  }

  /** Takes other maps; draws them once the view is open. */
  begin(shown: Shown): void {
    this.shown = shown;
    this.scale = valueScale(shown.input);
    const all = mapsOf(shown).map(({ id, name }): [string, string] => [id, name]);
    setOptions(select("space-map"), [...all].reverse());
    select("space-map").value = shown.results ? "ours" : "input";
    const { kind, unit } = shown.input;
    for (const field of document.querySelectorAll<HTMLElement>("#cameras .stereo")) {
      field.hidden = kind !== "disparity" || unit !== "px";
    }
    this.stale = true;
    if (!element("space").hidden) this.open();
  }

  /** Takes the camera of another file, or the default one. */
  setCamera(map: DepthMap): void {
    const camera = map.intrinsics ?? defaultCamera(map);
    for (const name of ["fx", "fy", "cx", "cy"] as const) {
      input(name).value = String(Number(camera[name].toPrecision(6)));
    }
  }

  /** Draws, now that the view can be seen. */
  open(): void {
    try {
      if (this.stale) this.build();
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error));
      return;
    }
    this.orbit.surface = select("space-form").value === "surface";
    this.orbit.draw();
  }

  /** Whether the view turns by itself. */
  setTurning(turns: boolean): void {
    this.orbit.setTurning(turns);
  }

  /** The cameras of a map of the input's size, as the fields say. */
  cameras(): { camera: Intrinsics; stereo: Stereo | null } {
    const number = (id: string): number => input(id).valueAsNumber;
    const stand = defaultCamera(this.shown!.input);
    const camera = {
      fx: number("fx") > 0 ? number("fx") : stand.fx,
      fy: number("fy") > 0 ? number("fy") : stand.fy,
      cx: Number.isFinite(number("cx")) ? number("cx") : stand.cx,
      cy: Number.isFinite(number("cy")) ? number("cy") : stand.cy,
    };
    const [focal, baseline, doffs] = [number("focal"), number("baseline"), number("doffs")];
    const known = focal > 0 && baseline > 0;
    return { camera, stereo: known ? { focal, baseline, doffs: doffs || 0 } : null };
  }

  /** The camera of a map that is as large as the results. */
  cameraOf(map: DepthMap): Intrinsics {
    const { input: low, phase } = this.shown!;
    const x = axisOf(low.width, map.width, phase);
    const y = axisOf(low.height, map.height, phase);
    return mappedCamera(this.cameras().camera, x, y);
  }

  private build(): void {
    const shown = this.shown!;
    const named = this.chosen();
    // The input is shown as it is, not with its pixels repeated.
    const whole = named.id === "input" ? shown.input : named.map;
    const { map, camera } = thinned(whole, this.cameraOf(whole));
    const { stereo } = this.cameras();
    const steepest = Math.min(89.9, Math.max(1, input("steepest").valueAsNumber || 85));
    const { assumed, ...found } = distancesOf(map, stereo);
    const seen = inSpace(found, coloursOf(map, this.scale!), map.width, camera, steepest);
    this.orbit.take(seen);
    this.stale = false;
    this.say("");
    const given = shown.input.intrinsics ? "the file's" : "given below";
    const angle = (2 * Math.atan(seen.tangent * seen.aspect)) / DEGREE;
    const { points, triangles } = seen.mesh;
    element("space-hint").textContent =
      `${countText(points.length)} points, ${countText(triangles.length / 3)} triangles. ` +
      `Camera ${this.isDefault() ? "assumed" : given}: ${angle.toFixed(0)}° wide. ` +
      `${assumed} Drag or use arrow keys to turn.`;
  }

  private isDefault(): boolean {
    const { input: low } = this.shown!;
    const stand = defaultCamera(low);
    return !low.intrinsics && Math.abs(input("fx").valueAsNumber / stand.fx - 1) < 1e-4;
  }

  private chosen(): Named {
    const maps = mapsOf(this.shown!);
    return maps.find(({ id }) => id === select("space-map").value) ?? maps[0];
  }

  private say(why: string): void {
    const absent = element("space-absent");
    absent.textContent = sentence(why);
    absent.hidden = why === "";
  }
}
