/** The 3-D view: a map as points or a surface that can be turned. */

import {
  axisOf,
  type DepthMap,
  type Intrinsics,
  mappedCamera,
  type Stereo,
} from "../engine/index.ts";
import { type Scale, valueScale } from "./colours.ts";
import { arrow, element, input, select, sentence, setOptions } from "./dom.ts";
import { facts } from "./embedded.ts";
import { defaultCamera, type InSpace, inSpace } from "./mesh.ts";
import { countText } from "./numbers.ts";
import { Renderer } from "./renderer.ts";
import { mapsOf, type Named, type Shown } from "./shown.ts";

const DEGREE = Math.PI / 180;
const START = { yaw: -22 * DEGREE, pitch: 12 * DEGREE, distance: 1.35 };
const SWAY = 24 * DEGREE;
const SWAY_SECONDS = 9;

/** The view, its controls, and the camera that the user gives. */
export class Space {
  private shown: Shown | null = null;
  private scale: Scale | null = null;
  private renderer: Renderer | null = null;
  private seen: InSpace | null = null;
  private stale = true;
  private view = { ...START };
  private turnsSince: number | null = null;
  private readonly canvas = element<HTMLCanvasElement>("space-canvas");
  private readonly turn = element("turn");

  constructor() {
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
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
    if (!this.canvas.closest("[hidden]")) this.open();
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
      this.renderer ??= new Renderer(this.canvas);
      if (this.stale) this.build();
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error));
      return;
    }
    this.draw();
  }

  /** Whether the view turns by itself. */
  setTurning(turns: boolean): void {
    this.turn.setAttribute("aria-pressed", String(turns));
    if (turns === (this.turnsSince !== null)) return;
    this.turnsSince = turns ? performance.now() : null;
    if (turns) requestAnimationFrame(() => this.sway(this.view.yaw));
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
    const map = named.id === "input" ? shown.input : named.map;
    const { stereo } = this.cameras();
    const steepest = Math.min(89.9, Math.max(1, input("steepest").valueAsNumber || 85));
    this.seen = inSpace(map, this.cameraOf(map), stereo, this.scale!, steepest);
    this.renderer!.setColours(facts.colours.values);
    this.renderer!.setMesh(this.seen.mesh);
    this.stale = false;
    this.say("");
    const given = shown.input.intrinsics ? "the file's" : "given below";
    const angle = (2 * Math.atan(this.seen.tangent * this.seen.aspect)) / DEGREE;
    const { points, triangles } = this.seen.mesh;
    element("space-hint").textContent =
      `${countText(points.length)} points, ${countText(triangles.length / 3)} triangles. ` +
      `Camera ${this.isDefault() ? "assumed" : given}: ${angle.toFixed(0)}° wide. ` +
      `${this.seen.assumed} Drag or use arrow keys to turn.`;
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

  private draw(): void {
    if (!this.renderer || !this.seen || !this.canvas.clientWidth) return;
    const { tangent, aspect, spread } = this.seen;
    const wide = this.canvas.clientWidth / this.canvas.clientHeight;
    const half = tangent * Math.max(1, aspect / wide);
    const surface = select("space-form").value === "surface";
    this.renderer.draw(orbit(this.view), perspective(half, wide), surface, spread);
  }

  private sway(middle: number): void {
    if (this.turnsSince === null) return;
    const seconds = (performance.now() - this.turnsSince) / 1000;
    this.view.yaw = middle + SWAY * Math.sin((2 * Math.PI * seconds) / SWAY_SECONDS);
    this.draw();
    requestAnimationFrame(() => this.sway(middle));
  }

  private moveBy(yaw: number, pitch: number): void {
    this.setTurning(false);
    this.view.yaw += yaw;
    this.view.pitch = Math.min(1.5, Math.max(-1.5, this.view.pitch + pitch));
    this.draw();
  }

  private zoomBy(factor: number): void {
    this.view.distance = Math.min(8, Math.max(0.15, this.view.distance * factor));
    this.draw();
  }

  private listen(): void {
    const { canvas } = this;
    canvas.onpointerdown = (event) => canvas.setPointerCapture(event.pointerId);
    canvas.onpointermove = (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      this.moveBy(event.movementX * 0.4 * DEGREE, event.movementY * 0.4 * DEGREE);
    };
    canvas.onkeydown = (event) => {
      const step = arrow(event);
      if (step) this.moveBy(3 * step.x * DEGREE, 3 * step.y * DEGREE);
      else if (event.key === "+" || event.key === "=") this.zoomBy(0.85);
      else if (event.key === "-") this.zoomBy(1 / 0.85);
      else return;
      event.preventDefault();
    };
    canvas.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        this.zoomBy(1.2 ** (event.deltaY / 100));
      },
      { passive: false },
    );
    this.turn.onclick = () => this.setTurning(this.turnsSince === null);
    element("space-in").onclick = () => this.zoomBy(0.8);
    element("space-out").onclick = () => this.zoomBy(1.25);
    element("reset").onclick = () => {
      this.setTurning(false);
      this.view = { ...START };
      this.draw();
    };
    select("space-form").onchange = () => this.draw();
    for (const field of [select("space-map"), ...element("cameras").querySelectorAll("input")]) {
      field.addEventListener("change", () => {
        this.stale = true;
        if (this.shown) this.open();
      });
    }
  }
}

/** The view of a viewer that has gone around the origin, 4×4 by columns. */
function orbit({ yaw, pitch, distance }: typeof START): Float32Array {
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  return Float32Array.of(
    cy, sy * sp, -sy * cp, 0,
    0, cp, sp, 0,
    sy, -cy * sp, cy * cp, 0,
    0, 0, -distance, 1,
  );
}

/** The projection of half an angle, as a tangent, 4×4 by columns. */
function perspective(tangent: number, aspect: number): Float32Array {
  const [near, far] = [0.01, 100];
  const focal = 1 / tangent;
  return Float32Array.of(
    focal / aspect, 0, 0, 0,
    0, focal, 0, 0,
    0, 0, (far + near) / (near - far), -1,
    0, 0, (2 * far * near) / (near - far), 0,
  );
}
