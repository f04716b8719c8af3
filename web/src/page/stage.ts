/** The stage: two maps with a divider between them, zoom, a cursor and a line. */

import { arrow, element } from "./dom.ts";
import type { Place } from "./geometry.ts";

const STEP = 1.5;
const MOST_PIXELS = 12_000;
const DRAG = 4;

/** What the stage tells. */
export interface StageEvents {
  /** The cursor is on another pixel. */
  cursor(place: Place): void;
  /** The line has other ends. */
  line(start: Place, end: Place): void;
}

/** The stage; made once, and shown map after map. */
export class Stage {
  readonly before = element<HTMLCanvasElement>("canvas-before");
  readonly after = element<HTMLCanvasElement>("canvas-after");
  cursor: Place = { x: 0, y: 0 };
  start: Place = { x: 0, y: 0 };
  end: Place = { x: 0, y: 0 };
  private width = 1;
  private height = 1;
  private zoom = 1;
  private fits = true;
  private readonly box = element("stage");
  private readonly layers = element("layers");
  private readonly overlay = element<SVGSVGElement>("overlay");
  private readonly slider = element("slider");
  private readonly ends = [element("line-start"), element("line-end")];

  constructor(private readonly events: StageEvents) {
    this.listenToSlider();
    this.listenToPointer();
    this.listenToKeys();
    this.ends.forEach((button, index) => this.listenToEnd(button, index));
    element("zoom-in").onclick = () => this.zoomBy(STEP);
    element("zoom-out").onclick = () => this.zoomBy(1 / STEP);
    element("zoom-fit").onclick = () => this.fit();
    new ResizeObserver(() => this.fits && this.fit()).observe(this.box.parentElement!);
  }

  /** Takes maps of another size: the line crosses them, with the cursor on it. */
  begin(width: number, height: number): void {
    [this.width, this.height] = [width, height];
    this.overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    // Below the middle, where the divider has its handle.
    const y = Math.floor(0.64 * height);
    this.cursor = { x: Math.floor(0.36 * width), y };
    this.place(50);
    this.setLine({ x: Math.floor(width / 8), y }, { x: Math.ceil((7 * width) / 8) - 1, y });
    this.moveCursor(this.cursor);
    this.fit();
  }

  /** Tells the cursor and the line again, for other maps of the same size. */
  refresh(): void {
    this.moveCursor(this.cursor);
    this.setLine(this.start, this.end);
  }

  /** Shows one map alone, or two with the divider between. */
  setDivided(divided: boolean): void {
    this.slider.hidden = this.after.hidden = !divided;
  }

  /** Puts the divider at a share of the width, in per cent. */
  private place(percent: number): void {
    const at = Math.min(100, Math.max(0, percent));
    this.slider.style.left = `${at}%`;
    this.slider.setAttribute("aria-valuenow", String(Math.round(at)));
    this.slider.setAttribute("aria-valuetext", `${Math.round(at)} % from the left`);
    this.after.style.clipPath = `inset(0 0 0 ${at}%)`;
  }

  /** Shows the whole map. */
  fit(): void {
    const frame = this.box.parentElement!;
    if (!frame.clientWidth) return;
    const room = Math.min(0.74 * window.innerHeight, 960);
    this.setZoom(Math.min(frame.clientWidth / this.width, room / this.height));
    this.fits = true;
  }

  private zoomBy(factor: number, at?: { x: number; y: number }): void {
    const box = this.box.getBoundingClientRect();
    const anchor = at ?? { x: box.left + box.width / 2, y: box.top + box.height / 2 };
    const old = this.layers.getBoundingClientRect();
    const share = {
      x: (anchor.x - old.left) / old.width,
      y: (anchor.y - old.top) / old.height,
    };
    this.setZoom(this.zoom * factor);
    const now = this.layers.getBoundingClientRect();
    this.box.scrollLeft += now.left + share.x * now.width - anchor.x;
    this.box.scrollTop += now.top + share.y * now.height - anchor.y;
  }

  private setZoom(zoom: number): void {
    const most = Math.max(MOST_PIXELS / Math.max(this.width, this.height), 1);
    const least = Math.min(1, 64 / Math.min(this.width, this.height));
    this.zoom = Math.min(most, Math.max(least, zoom));
    this.fits = false;
    this.layers.style.width = `${this.width * this.zoom}px`;
    this.layers.style.height = `${this.height * this.zoom}px`;
    this.layers.classList.toggle("sharp", this.zoom >= 1);
  }

  private pixelAt(event: PointerEvent): Place {
    const box = this.layers.getBoundingClientRect();
    return this.inside({
      x: Math.floor(((event.clientX - box.left) / box.width) * this.width),
      y: Math.floor(((event.clientY - box.top) / box.height) * this.height),
    });
  }

  private inside({ x, y }: Place): Place {
    return {
      x: Math.min(this.width - 1, Math.max(0, x)),
      y: Math.min(this.height - 1, Math.max(0, y)),
    };
  }

  /** Puts the cursor on a pixel. */
  moveCursor(place: Place): void {
    this.cursor = this.inside(place);
    const mark = this.overlay.querySelector(".cursor")!;
    mark.setAttribute("x", String(this.cursor.x));
    mark.setAttribute("y", String(this.cursor.y));
    this.events.cursor(this.cursor);
  }

  private setLine(start: Place, end: Place): void {
    this.start = this.inside(start);
    this.end = this.inside(end);
    for (const line of this.overlay.querySelectorAll("line")) {
      line.setAttribute("x1", String(this.start.x + 0.5));
      line.setAttribute("y1", String(this.start.y + 0.5));
      line.setAttribute("x2", String(this.end.x + 0.5));
      line.setAttribute("y2", String(this.end.y + 0.5));
    }
    [this.start, this.end].forEach(({ x, y }, index) => {
      const button = this.ends[index];
      button.style.left = `${(100 * (x + 0.5)) / this.width}%`;
      button.style.top = `${(100 * (y + 0.5)) / this.height}%`;
      const which = index ? "End" : "Start";
      button.setAttribute("aria-label", `${which} of the profile at ${x}, ${y}; arrow keys move it`);
    });
    this.events.line(this.start, this.end);
  }

  private setEnd(index: number, place: Place): void {
    if (index) this.setLine(this.start, place);
    else this.setLine(place, this.end);
  }

  private listenToSlider(): void {
    this.slider.onpointerdown = (event) => {
      event.preventDefault();
      this.slider.focus();
      this.slider.setPointerCapture(event.pointerId);
    };
    this.slider.onpointermove = (event) => {
      if (!this.slider.hasPointerCapture(event.pointerId)) return;
      const box = this.layers.getBoundingClientRect();
      this.place((100 * (event.clientX - box.left)) / box.width);
      event.stopPropagation();
    };
    this.slider.onkeydown = (event) => {
      const now = Number.parseFloat(this.slider.style.left);
      const step = arrow(event);
      const ends: Record<string, number> = { Home: 0, End: 100 };
      const to = step ? now + step.x - step.y : ends[event.key];
      if (to === undefined) return;
      this.place(to);
      event.preventDefault();
      event.stopPropagation();
    };
  }

  private listenToPointer(): void {
    let from: Place | null = null;
    let origin = { x: 0, y: 0 };
    let draws = false;
    this.layers.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "touch" || event.button !== 0) return;
      if (event.target !== this.layers && !(event.target instanceof HTMLCanvasElement)) return;
      from = this.pixelAt(event);
      origin = { x: event.clientX, y: event.clientY };
      draws = false;
      this.layers.setPointerCapture(event.pointerId);
    });
    this.layers.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch") this.moveCursor(this.pixelAt(event));
      if (from === null) return;
      draws ||= Math.hypot(event.clientX - origin.x, event.clientY - origin.y) > DRAG;
      if (draws) this.setLine(from, this.pixelAt(event));
    });
    const stop = () => {
      from = null;
    };
    this.layers.addEventListener("pointerup", stop);
    this.layers.addEventListener("pointercancel", stop);
    this.layers.addEventListener("click", (event) => this.moveCursor(this.pixelAt(event as PointerEvent)));
    this.box.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        this.zoomBy(STEP ** (-event.deltaY / 100), { x: event.clientX, y: event.clientY });
      },
      { passive: false },
    );
  }

  private listenToKeys(): void {
    this.box.addEventListener("keydown", (event) => {
      if (event.target !== this.box || event.ctrlKey || event.metaKey || event.altKey) return;
      const step = arrow(event);
      if (step) this.moveCursor({ x: this.cursor.x + step.x, y: this.cursor.y + step.y });
      else if (event.key === "+" || event.key === "=") this.zoomBy(STEP);
      else if (event.key === "-") this.zoomBy(1 / STEP);
      else if (event.key === "0") this.fit();
      else if (event.key === "s") this.setEnd(0, this.cursor);
      else if (event.key === "e") this.setEnd(1, this.cursor);
      else return;
      if (step) this.reveal();
      event.preventDefault();
    });
  }

  private listenToEnd(button: HTMLElement, index: number): void {
    button.onpointerdown = (event) => {
      event.preventDefault();
      event.stopPropagation();
      button.focus();
      button.setPointerCapture(event.pointerId);
    };
    button.onpointermove = (event) => {
      if (!button.hasPointerCapture(event.pointerId)) return;
      this.setEnd(index, this.pixelAt(event));
    };
    button.onkeydown = (event) => {
      const step = arrow(event);
      if (!step) return;
      const now = index ? this.end : this.start;
      this.setEnd(index, { x: now.x + step.x, y: now.y + step.y });
      event.preventDefault();
      event.stopPropagation();
    };
  }

  /** Scrolls so that the cursor can be seen. */
  private reveal(): void {
    const at = [this.cursor.x * this.zoom, this.cursor.y * this.zoom];
    const { scrollLeft: x, scrollTop: y, clientWidth: w, clientHeight: h } = this.box;
    if (at[0] < x || at[0] > x + w - this.zoom) this.box.scrollLeft = at[0] - w / 2;
    if (at[1] < y || at[1] > y + h - this.zoom) this.box.scrollTop = at[1] - h / 2;
  }
}
