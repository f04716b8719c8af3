/** A mesh on a canvas, turned and zoomed by mouse, touch and keys, or turning by itself. */

import { arrow, element } from "./dom.ts";
import type { InSpace } from "./mesh.ts";
import { Renderer } from "./renderer.ts";

const DEGREE = Math.PI / 180;
const START = { yaw: -22 * DEGREE, pitch: 12 * DEGREE, distance: 1.35 };
const SWAY = 24 * DEGREE;
const SWAY_SECONDS = 9;
const PER_PIXEL = 0.4 * DEGREE;

/** What happens around the canvas. */
interface Surroundings {
  /** Whether the wheel zooms by itself, or only with Ctrl: where the page scrolls. */
  readonly plainWheel: boolean;
  /** Called after each drawing: how many pixels long a length of 1 at the origin is. */
  readonly drawn?: (pixels: number) => void;
}

/** The view of a mesh, and the buttons beside it. */
export class Orbit {
  /** Whether the surface is drawn, not the points. */
  surface = true;
  private renderer: Renderer | null = null;
  private seen: InSpace | null = null;
  private view = { ...START };
  private turnsSince: number | null = null;
  private readonly canvas = element<HTMLCanvasElement>("space-canvas");
  private readonly turn = element("turn");
  /** Where pointers that are down were last. */
  private readonly pointers = new Map<number, { x: number; y: number }>();

  constructor(private readonly around: Surroundings) {
    this.listenToPointers();
    this.listenToKeys();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  /**
   * Takes another mesh; `draw` draws it.
   *
   * @throws Error if the browser has no WebGL 2.
   */
  take(seen: InSpace): void {
    this.renderer ??= new Renderer(this.canvas);
    this.renderer.setMesh(seen.mesh);
    this.seen = seen;
  }

  /** Draws what there is. */
  draw(): void {
    if (!this.renderer || !this.seen || !this.canvas.clientWidth) return;
    const { tangent, aspect, spread } = this.seen;
    const wide = this.canvas.clientWidth / this.canvas.clientHeight;
    const half = tangent * Math.max(1, aspect / wide);
    this.renderer.draw(orbit(this.view), perspective(half, wide), this.surface, spread);
    this.around.drawn?.(this.canvas.clientHeight / 2 / half / this.view.distance);
  }

  /** Whether the view turns by itself. */
  setTurning(turns: boolean): void {
    this.turn.setAttribute("aria-pressed", String(turns));
    if (turns === (this.turnsSince !== null)) return;
    this.turnsSince = turns ? performance.now() : null;
    if (turns) requestAnimationFrame(() => this.sway(this.view.yaw));
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

  private listenToPointers(): void {
    const { canvas, pointers } = this;
    canvas.onpointerdown = (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    };
    canvas.onpointerup = canvas.onpointercancel = ({ pointerId }) => pointers.delete(pointerId);
    canvas.onpointermove = (event) => {
      const last = pointers.get(event.pointerId);
      if (last === undefined) return;
      const before = this.apart();
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const after = this.apart();
      // Two fingers zoom, one turns.
      if (before > 0 && after > 0) this.zoomBy(before / after);
      else this.moveBy((event.clientX - last.x) * PER_PIXEL, (event.clientY - last.y) * PER_PIXEL);
    };
    canvas.addEventListener(
      "wheel",
      (event) => {
        if (!this.around.plainWheel && !event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        this.zoomBy(1.2 ** (event.deltaY / 100));
      },
      { passive: false },
    );
  }

  /** How far two fingers are apart; 0 for one. */
  private apart(): number {
    const [one, other] = this.pointers.values();
    return other === undefined ? 0 : Math.hypot(one.x - other.x, one.y - other.y);
  }

  private listenToKeys(): void {
    this.canvas.onkeydown = (event) => {
      const step = arrow(event);
      if (step) this.moveBy(3 * step.x * DEGREE, 3 * step.y * DEGREE);
      else if (event.key === "+" || event.key === "=") this.zoomBy(0.85);
      else if (event.key === "-") this.zoomBy(1 / 0.85);
      else return;
      event.preventDefault();
    };
    this.turn.onclick = () => this.setTurning(this.turnsSince === null);
    element("space-in").onclick = () => this.zoomBy(0.8);
    element("space-out").onclick = () => this.zoomBy(1.25);
    element("reset").onclick = () => {
      this.setTurning(false);
      this.view = { ...START };
      this.draw();
    };
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
