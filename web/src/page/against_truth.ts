/** Metrics and error maps of a result and of bicubic interpolation, against the ground truth. */

import type { Metrics } from "../engine/index.ts";
import { errorScale, paint, showBar, unitSign } from "./colours.ts";
import { element, made } from "./dom.ts";
import { differences } from "./geometry.ts";
import { countText, threeDigits } from "./numbers.ts";
import type { Results } from "./shown.ts";

/** Shows them; hides them where there is no ground truth. */
export function showAgainstTruth(results: Results | null): void {
  const truth = results?.truth ?? null;
  element("truth").hidden = truth === null;
  if (results === null || truth === null || results.metrics === null) return;
  element<HTMLTableElement>("metrics").replaceChildren(
    ...rowsOf(results.metrics, unitSign(truth.unit)),
  );
  const errors = [results.bicubic, results.ours].map((map) => differences(map, truth));
  const scale = errorScale(errors, "absolute error");
  const names = ["bicubic", "dsdmsr-fast"];
  ["error-bicubic", "error-ours"].forEach((id, i) => {
    const canvas = element<HTMLCanvasElement>(id);
    paint(canvas, errors[i], scale);
    canvas.setAttribute("aria-label", `Map of the absolute errors of ${names[i]}`);
  });
  element("error-left").textContent = "Error of bicubic";
  element("error-right").textContent = "Error of dsdmsr-fast";
  showBar(element("error-bar"), scale);
}

function rowsOf(
  { bicubic, ours }: NonNullable<Results["metrics"]>,
  unit: string,
): HTMLTableSectionElement[] {
  const percent = (share: number) => `${threeDigits(100 * share)} %`;
  const size = (value: number) => `${threeDigits(value)}${unit}`;
  const bound = `${threeDigits(ours.badPixelThreshold)}${unit}`;
  const lines: [string, (of: Metrics) => number, (value: number) => string][] = [
    ["RMSE", (of) => of.rmse, size],
    ["MAE (MAD)", (of) => of.mae, size],
    ["RMSE beside edges", (of) => of.edgeRmse, size],
    [`Pixels off by more than ${bound}`, (of) => of.badPixelRate, percent],
    ["Flying pixels beside edges", (of) => of.flyingPixelRate, percent],
  ];
  const head = made("thead");
  head.append(made("tr"));
  const titles = [`${countText(ours.pixels)} pixels`, "bicubic", "dsdmsr-fast"];
  head.rows[0].append(...titles.map((title) => made("th", title)));
  const body = made("tbody");
  for (const [name, of, text] of lines) {
    const row = body.insertRow();
    row.append(made("th", name));
    const values = [of(bicubic), of(ours)];
    for (const value of values) {
      const cell = row.insertCell();
      cell.textContent = text(value);
      if (value === Math.min(...values)) cell.className = "better";
    }
  }
  for (const cell of body.querySelectorAll("th")) cell.scope = "row";
  for (const cell of head.querySelectorAll("th")) cell.scope = "col";
  return [head, body];
}
