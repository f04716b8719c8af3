/** The profile: values along a line, of the input and of what it became. */

import { meaningOf } from "./colours.ts";
import { type Place, pixelsAlong } from "./geometry.ts";
import { numberTexts, roundNumbers } from "./numbers.ts";
import type { Named } from "./shown.ts";

const NS = "http://www.w3.org/2000/svg";
const HEIGHT = 230;
const MARGIN = { left: 58, right: 14, top: 30, bottom: 30 };

/** A chart that follows the line. */
export class Profile {
  private maps: readonly Named[] = [];
  private places: readonly Place[] = [];

  constructor(
    private readonly into: HTMLElement,
    private readonly legend: HTMLElement,
    private readonly onHover: (place: Place) => void,
  ) {
    new ResizeObserver(() => this.plot()).observe(into);
  }

  /** Takes other maps. */
  begin(maps: readonly Named[]): void {
    this.maps = maps;
    this.places = [];
    this.legend.replaceChildren(
      ...maps.map(({ id, name }) => {
        const swatch = node("svg", { viewBox: "0 0 26 8", "aria-hidden": "true" });
        swatch.append(node("path", { class: id, d: "M1 4h24" }));
        const entry = document.createElement("li");
        entry.append(swatch, name);
        return entry;
      }),
    );
  }

  /** Shows the values along a line. */
  show(start: Place, end: Place): void {
    this.places = pixelsAlong(start, end);
    this.plot();
  }

  private plot(): void {
    const width = this.into.clientWidth;
    if (!this.maps.length || !this.places.length || width < 80) return;
    const chart = node("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img" });
    const across = width - MARGIN.left - MARGIN.right;
    const down = HEIGHT - MARGIN.top - MARGIN.bottom;
    const x = (i: number) => MARGIN.left + (across * i) / (this.places.length - 1);
    const lines = this.maps.map(({ map }) =>
      this.places.map((place) => {
        const at = place.y * map.width + place.x;
        return map.valid[at] ? map.values[at] : Number.NaN;
      }),
    );
    const { low, high } = ends(lines.flat().filter((value) => !Number.isNaN(value)));
    const y = (value: number) => MARGIN.top + down * (1 - (value - low) / (high - low));
    addAxes(chart, { width, low, high, last: this.places.length - 1, x, y });
    this.maps.forEach(({ id }, index) =>
      chart.append(node("path", { class: id, d: path(lines[index], x, y, id === "input") })),
    );
    const { kind, unit } = this.maps[0].map;
    chart.append(node("text", { x: 8, y: 18 }, meaningOf(kind, unit)));
    chart.setAttribute("aria-label", this.words(lines));
    this.listen(chart, x);
    this.into.replaceChildren(chart);
  }

  /** The chart in words, for those who do not see it. */
  private words(lines: readonly number[][]): string {
    const [first, last] = [this.places[0], this.places[this.places.length - 1]];
    const parts = this.maps.map(({ name }, index) => {
      const values = lines[index].filter((value) => !Number.isNaN(value));
      const { low, high } = ends(values, 0);
      return values.length ? `${name} from ${numberTexts([low, high]).join(" to ")}` : `${name} none`;
    });
    return `Profile from ${first.x}, ${first.y} to ${last.x}, ${last.y}: ${parts.join("; ")}`;
  }

  private listen(chart: SVGElement, x: (i: number) => number): void {
    const mark = node("line", { class: "here", y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom });
    chart.onpointermove = (event) => {
      const at = event.clientX - chart.getBoundingClientRect().left;
      const share = (at - x(0)) / (x(this.places.length - 1) - x(0) || 1);
      const index = Math.round(share * (this.places.length - 1));
      if (index < 0 || index >= this.places.length) return;
      mark.setAttribute("x1", String(x(index)));
      mark.setAttribute("x2", String(x(index)));
      chart.append(mark);
      this.onHover(this.places[index]);
    };
    chart.onpointerleave = () => mark.remove();
  }
}

/** Makes an SVG element. */
function node(tag: string, attributes: Record<string, string | number>, text = ""): SVGElement {
  const made = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  if (text) made.textContent = text;
  return made as SVGElement;
}

/** Returns the ends of an axis with some room around values. */
function ends(values: readonly number[], room = 0.06): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return { low: 0, high: 1 };
  const span = high - low || (room && (Math.abs(high) || 1));
  return { low: low - room * span, high: high + room * span };
}

/** Returns a path through values, broken at NaN; in steps for pixels that are repeated. */
function path(
  values: readonly number[],
  x: (i: number) => number,
  y: (value: number) => number,
  stepped: boolean,
): string {
  let text = "";
  values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    const breaks = i === 0 || Number.isNaN(values[i - 1]);
    const place = `${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
    if (breaks) text += `M${place}`;
    else if (stepped && value !== values[i - 1]) {
      const between = (x(i - 1) + x(i)) / 2;
      text += `H${between.toFixed(1)}V${y(value).toFixed(1)}H${x(i).toFixed(1)}`;
    } else text += `L${place}`;
  });
  return text;
}

interface Frame {
  readonly width: number;
  readonly low: number;
  readonly high: number;
  /** The last pixel along the line. */
  readonly last: number;
  readonly x: (i: number) => number;
  readonly y: (value: number) => number;
}

function addAxes(chart: SVGElement, { width, low, high, last, x, y }: Frame): void {
  const levels = roundNumbers(low, high, 5);
  numberTexts(levels).forEach((text, i) => {
    const at = y(levels[i]);
    chart.append(node("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: at, y2: at }));
    chart.append(node("text", { x: MARGIN.left - 7, y: at + 4, "text-anchor": "end" }, text));
  });
  const end = HEIGHT - MARGIN.bottom + 18;
  chart.append(node("text", { x: x(0), y: end }, "0"));
  chart.append(node("text", { x: x(last), y: end, "text-anchor": "end" }, `${last} pixels along the line`));
}
