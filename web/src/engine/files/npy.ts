/** NumPy's NPY files of one map. */

import { DepthFileError } from "../types.ts";
import type { Numbers, Source, Stored } from "./stored.ts";
import { checkSize } from "./stored.ts";

const MAGIC = "\x93NUMPY";
/** Bytes that a header of a map has at the most. */
const LONGEST = 2 ** 16;
const ERROR_MARK = "expected absolute error";
/** Bytes behind an array among which a note on it would begin. */
const NOTE_LENGTH = 1000;

interface Header {
  readonly type: string;
  readonly bytes: number;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Where the numbers begin. */
  readonly end: number;
}

/** The map in an NPY file: H×W, and any axes of length 1 among them. */
export function readNpy(source: Source): Stored {
  const { name, bytes } = source;
  const header = headerOf(source);
  const [height, width] = mapShape(source, header.shape);
  checkSize(source, height, width);
  const end = endOf(source, header, height * width);
  if (textOf(bytes.subarray(end, end + NOTE_LENGTH)).includes(ERROR_MARK)) {
    throw new DepthFileError(
      `${name} holds the expected errors of a map, not depth: give the map's file`,
    );
  }
  const numbers = numbersOf(source, header, height, width);
  return { numbers, height, width, valid: null, notes: [] };
}

/** Arrays of floats that stand one behind the other in a file, as `numpy.save` puts them there. */
export function readArrays(name: string, bytes: Uint8Array): Float32Array[] {
  const arrays: Float32Array[] = [];
  for (let place = 0; place < bytes.length; ) {
    const source = { name, bytes: bytes.subarray(place), maxPixels: Infinity };
    const header = headerOf(source);
    const count = header.shape.reduce((product, side) => product * side, 1);
    place += endOf(source, header, count);
    arrays.push(Float32Array.from(numbersOf(source, header, 1, count).values));
  }
  return arrays;
}

/** Where so many numbers end, behind which there may be more. */
function endOf({ name, bytes }: Source, header: Header, count: number): number {
  const promised = count * header.bytes;
  if (bytes.length - header.end < promised) {
    throw new DepthFileError(
      `${name} is damaged or cut off: it promises ${promised} bytes of numbers, but holds ` +
        `${bytes.length - header.end}`,
    );
  }
  return header.end + promised;
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function headerOf({ name, bytes }: Source): Header {
  if (textOf(bytes.subarray(0, 6)) !== MAGIC) {
    throw new DepthFileError(`${name} is not an NPY file, whatever its name says`);
  }
  const damaged = `${name} is damaged or cut off: it has no NPY header`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6];
  const start = version === 1 ? 10 : 12;
  if (![1, 2, 3].includes(version) || bytes.length < start) throw new DepthFileError(damaged);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST || bytes.length < start + length) throw new DepthFileError(damaged);
  const text = textOf(bytes.subarray(start, start + length));
  const type = /'descr': *'([<>|=]?)([a-zA-Z])([0-9]{0,4})'/.exec(text);
  const order = /'fortran_order': *(True|False)/.exec(text);
  const shape = /'shape': *\(([0-9, ]*)\)/.exec(text);
  if (type?.[2] === "O") {
    throw new DepthFileError(`${name} holds pickled objects: give plain numbers`);
  }
  if (type === null || order === null || shape === null) throw new DepthFileError(damaged);
  return {
    type: type[2],
    bytes: Number(type[3]),
    littleEndian: type[1] !== ">",
    fortranOrder: order[1] === "True",
    shape: shape[1].split(",").flatMap((side) => (side.trim() ? [Number(side)] : [])),
    end: start + length,
  };
}

/** Height and width of the map in an array. */
function mapShape({ name }: Source, shape: readonly number[]): [number, number] {
  const axes = [...shape];
  while (axes.length > 2 && axes.includes(1)) axes.splice(axes.indexOf(1), 1);
  const form = shape.join("×") || "single";
  if (![2, 3].includes(axes.length) || axes.includes(0)) {
    throw new DepthFileError(`${name} holds ${form} numbers: give one map`);
  }
  if (axes.length === 3 && [3, 4].includes(axes[2]) && axes[0] > axes[2]) {
    throw new DepthFileError(
      `${name} holds ${form} numbers, as pictures in colours do: give one grey map`,
    );
  }
  if (axes.length === 3) {
    throw new DepthFileError(`${name} holds ${axes[0]} maps: give a file of one of them`);
  }
  return [axes[0], axes[1]];
}

type Getter = (view: DataView, at: number, little: boolean) => number;
const READERS: Readonly<Record<string, Getter>> = {
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  f2: (view, at, little) => halfFloat(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
};

function numbersOf(source: Source, header: Header, height: number, width: number): Numbers {
  const { name, bytes } = source;
  const { type, bytes: size, littleEndian } = header;
  const read = READERS[type + size];
  if (read === undefined) {
    throw new DepthFileError(`${name} holds numbers of type ${type}${size}: give real ones`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + header.end);
  const values = arrayOf(type, size, height * width);
  for (let k = 0; k < values.length; k++) {
    const place = header.fortranOrder ? (k % height) * width + Math.floor(k / height) : k;
    values[place] = read(view, size * k, littleEndian);
  }
  return { values, type: type as Numbers["type"], bytes: size };
}

function arrayOf(type: string, size: number, length: number): Numbers["values"] {
  if (type === "u" && size === 1) return new Uint8Array(length);
  if (type === "u" && size === 2) return new Uint16Array(length);
  return type === "f" && size < 8 ? new Float32Array(length) : new Float64Array(length);
}

/** The number that 16 bits mean (IEEE 754). */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The content of an NPY file, as NumPy writes it. */
export function packNpy(
  numbers: Float32Array | Uint16Array | Uint8Array,
  height: number,
  width: number,
): Uint8Array {
  const types = { 1: "|u1", 2: "<u2", 4: "<f4" };
  const type = types[numbers.BYTES_PER_ELEMENT as 1 | 2 | 4];
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${height}, ${width}), }`;
  // NumPy leaves room for the first axis to grow to 21 digits.
  const grown = text.length + 21 - String(height).length;
  const length = (Math.floor((10 + grown + 1) / 64) + 1) * 64 - 10;
  const content = new Uint8Array(10 + length + numbers.byteLength);
  content.set(Uint8Array.from(MAGIC, (letter) => letter.charCodeAt(0)));
  content.set([1, 0, length & 255, length >> 8], 6);
  content.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), 10);
  const body = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  content.set(body, 10 + length);
  return content;
}
