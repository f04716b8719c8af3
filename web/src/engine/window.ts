/** Windows of maps: rectangles of whole pixels, and their arithmetic. */

/** Rows `top` to `bottom`, columns `left` to `right`, the last not included. */
export interface Window {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Channels of a part of a map, one behind the other. */
export interface Planes {
  readonly data: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** The same part of a map `factor` times as large. */
export function scaled(part: Window, factor: number): Window {
  return {
    top: factor * part.top,
    bottom: factor * part.bottom,
    left: factor * part.left,
    right: factor * part.right,
  };
}

/** The least part of a map half as large that covers this one. */
export function halved(part: Window): Window {
  return {
    top: part.top >> 1,
    bottom: (part.bottom + 1) >> 1,
    left: part.left >> 1,
    right: (part.right + 1) >> 1,
  };
}

/** The part with a margin on all sides, as far as the map goes. */
export function grown(part: Window, margin: number, height: number, width: number): Window {
  return {
    top: Math.max(0, part.top - margin),
    bottom: Math.min(height, part.bottom + margin),
    left: Math.max(0, part.left - margin),
    right: Math.min(width, part.right + margin),
  };
}

/** What a part holds of planes that hold the part `outer`; the planes themselves if that is all. */
export function cropped(planes: Planes, part: Window, outer: Window): Planes {
  const height = part.bottom - part.top;
  const width = part.right - part.left;
  if (height === planes.height && width === planes.width) return planes;
  const data = new Float32Array(planes.channels * height * width);
  let place = 0;
  for (let channel = 0; channel < planes.channels; channel++) {
    for (let row = part.top - outer.top; row < part.bottom - outer.top; row++) {
      const start = (channel * planes.height + row) * planes.width + part.left - outer.left;
      data.set(planes.data.subarray(start, start + width), place);
      place += width;
    }
  }
  return { data, channels: planes.channels, height, width };
}
