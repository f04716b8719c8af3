/** What lies under the cursor: values, expected error, neighbours. */

import { rangeOf, unitSign } from "./colours.ts";
import { made } from "./dom.ts";
import { type Place, sourceOf } from "./geometry.ts";
import { threeDigits, valueText } from "./numbers.ts";
import { mapsOf, type Named, type Shown } from "./shown.ts";

/** A table that follows the cursor. */
export class Readout {
  private shown: Shown | null = null;
  private maps: readonly Named[] = [];
  private span = 0;

  constructor(private readonly into: HTMLElement) {}

  /** Takes other maps. */
  begin(shown: Shown): void {
    this.shown = shown;
    this.maps = mapsOf(shown);
    const { low, high } = rangeOf(shown.input);
    this.span = high - low;
  }

  /** Shows what lies at a pixel. */
  show(place: Place): void {
    if (this.shown === null) return;
    const { input, phase, results } = this.shown;
    const { width, height } = this.maps[0].map;
    let where = `pixel ${place.x}, ${place.y}`;
    if (results) {
      const x = sourceOf(place.x, input.width, width, phase);
      const y = sourceOf(place.y, input.height, height, phase);
      where += `; of the input ${x}, ${y}`;
    }
    const table = made("table", made("caption", where));
    const at = place.y * width + place.x;
    const truth = this.maps.find(({ id }) => id === "truth");
    if (truth) {
      const head = table.createTHead().insertRow();
      head.append(made("td"), made("th", "value"), made("th", "error"));
    }
    const body = table.createTBody();
    for (const named of this.maps) this.addValue(body, named, at, truth);
    this.addExpected(body, at);
    this.into.replaceChildren(table, this.neighbours(place));
  }

  private addValue(body: HTMLTableSectionElement, named: Named, at: number, truth?: Named): void {
    const { map, id, name } = named;
    const row = body.insertRow();
    row.append(made("th", name));
    const cell = row.insertCell();
    cell.textContent = map.valid[at]
      ? `${valueText(map.values[at], this.span)}${unitSign(map.unit)}`
      : "no value";
    if (id === "ours") cell.className = "strong";
    if (!truth) return;
    const off = row.insertCell();
    if (id !== "truth" && map.valid[at] && truth.map.valid[at]) {
      off.textContent = threeDigits(Math.abs(map.values[at] - truth.map.values[at]));
    }
  }

  private addExpected(body: HTMLTableSectionElement, at: number): void {
    const ours = this.shown!.results?.ours;
    if (!ours?.error) return;
    const row = body.insertRow();
    row.append(made("th", "expected error"));
    const cell = row.insertCell();
    const error = ours.error[at];
    cell.textContent = ours.valid[at] ? `${threeDigits(error)}${unitSign(ours.unit)}` : "no value";
    if (this.shown!.results!.truth) row.insertCell();
  }

  private neighbours({ x, y }: Place): HTMLTableElement {
    const { map, name } = this.maps.find(({ id }) => id === "ours") ?? this.maps[0];
    const table = made("table", made("caption", `3×3 neighbours, ${name}`));
    table.className = "neighbours";
    const body = table.createTBody();
    for (let row = y - 1; row <= y + 1; row++) {
      const cells = body.insertRow();
      for (let column = x - 1; column <= x + 1; column++) {
        const cell = cells.insertCell();
        const inside = 0 <= row && row < map.height && 0 <= column && column < map.width;
        const at = row * map.width + column;
        cell.textContent =
          inside && map.valid[at] ? valueText(map.values[at], this.span) : inside ? "–" : "";
        if (row === y && column === x) cell.className = "here";
      }
    }
    return table;
  }
}
