/** The tab that compares: what the stage, the bar, the profile and the readout show. */

import {
  errorScale,
  paint,
  paintRelief,
  type Scale,
  showBar,
  spread,
  valueScale,
} from "./colours.ts";
import { element, select, setOptions } from "./dom.ts";
import { differences, type Place } from "./geometry.ts";
import { Profile } from "./profile.ts";
import { Readout } from "./readout.ts";
import { mapsOf, type Named, type Shown } from "./shown.ts";
import { Stage } from "./stage.ts";

type Quantity = "values" | "spread" | "relief" | "expected" | "error";

/** The comparison of an input with its results. */
export class Comparison {
  private shown: Shown | null = null;
  private maps: readonly Named[] = [];
  /** Whether there were results, so that the left map was chosen. */
  private compares = false;
  private readonly readout = new Readout(element("readout"));
  private readonly profile = new Profile(
    element("profile"),
    element("legend"),
    (place) => this.stage.moveCursor(place),
  );
  private readonly stage: Stage = new Stage({
    cursor: (place: Place) => this.readout.show(place),
    line: (start: Place, end: Place) => this.profile.show(start, end),
  });

  constructor() {
    select("quantity").onchange = () => this.paint();
    select("before").onchange = () => this.paint();
  }

  /** Takes other maps. */
  begin(shown: Shown): void {
    const old = this.maps[0]?.map;
    this.shown = shown;
    this.maps = mapsOf(shown);
    const { results } = shown;
    const quantities: [Quantity, string][] = [
      ["values", "values"],
      ["spread", "values, even contrast"],
      ["relief", "shaded relief"],
    ];
    if (results?.ours.error) quantities.push(["expected", "expected error"]);
    if (results?.truth) quantities.push(["error", "error against the truth"]);
    setOptions(select("quantity"), quantities);
    setOptions(
      select("before"),
      this.maps.filter(({ id }) => id !== "ours").map(({ id, name }) => [id, name]),
    );
    if (results && !this.compares) select("before").value = "bicubic";
    this.compares = results !== null;
    this.readout.begin(shown);
    this.profile.begin(this.maps);
    const { width, height } = this.maps[0].map;
    const same = old?.width === width && old.height === height;
    if (same) this.stage.refresh();
    else this.stage.begin(width, height);
    this.paint();
  }

  /** Fits the stage into the room that it has, now that it can be seen. */
  open(): void {
    this.stage.fit();
  }

  private paint(): void {
    const shown = this.shown!;
    const quantity = select("quantity").value as Quantity;
    const ours = this.maps.find(({ id }) => id === "ours");
    const left = this.maps.find(({ id }) => id === select("before").value) ?? this.maps[0];
    const divided = ours !== undefined && quantity !== "expected";
    this.stage.setDivided(divided);
    element("before-field").hidden = !divided;
    this.tag(divided ? left.name : "", divided ? ours.name : (ours ?? left).name);
    const { before, after } = this.stage;
    if (quantity === "relief") {
      const maps = ours ? [left.map, ours.map] : [left.map];
      paintRelief([before, after], maps);
      showBar(element("scale-bar"), null);
    } else if (quantity === "expected") {
      const expected = { ...ours!.map, values: ours!.map.error! };
      this.paintAll([before], [expected], errorScale([expected], "expected absolute error"));
    } else if (quantity === "error") {
      const truth = shown.results!.truth!;
      const errors = [left.map, ours!.map].map((map) => differences(map, truth));
      this.paintAll([before, after], errors, errorScale(errors, "absolute error"));
    } else {
      const maps = ours ? [left.map, ours.map] : [left.map];
      const scale = valueScale(shown.input);
      this.paintAll([before, after], maps, quantity === "spread" ? spread(scale, shown.input) : scale);
    }
  }

  private paintAll(
    canvases: readonly HTMLCanvasElement[],
    maps: readonly Named["map"][],
    scale: Scale,
  ): void {
    maps.forEach((map, i) => paint(canvases[i], map, scale));
    showBar(element("scale-bar"), scale);
  }

  private tag(left: string, right: string): void {
    element("tag-left").textContent = left;
    element("tag-right").textContent = right;
  }
}
