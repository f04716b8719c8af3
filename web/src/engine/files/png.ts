/** Grey PNG files: checked chunk by chunk before the library sees them. */

import { decode, encode } from "fast-png";
import { Unzlib } from "fflate";

import { DepthFileError } from "../types.ts";
import type { Source, Stored } from "./stored.ts";
import { checkSize, singleChannel, wholeNumbers } from "./stored.ts";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const [GREY, RGB, PALETTE, GREY_ALPHA, RGBA] = [0, 2, 3, 4, 6];
/** Colour type → its channels. */
const CHANNELS = new Map([
  [GREY, 1],
  [RGB, 3],
  [PALETTE, 1],
  [GREY_ALPHA, 2],
  [RGBA, 4],
]);
const BITS = new Map([
  [GREY, [1, 2, 4, 8, 16]],
  [RGB, [8, 16]],
  [PALETTE, [1, 2, 4, 8]],
  [GREY_ALPHA, [8, 16]],
  [RGBA, [8, 16]],
]);
/** About how many times smaller a PNG can be than its numbers: two bits may stand for 258 bytes. */
const MOST_COMPRESSED = 1100;
/** Compressed bytes that are unpacked at once, so that few bytes cannot take much memory. */
const UNPACKED_AT_ONCE = 2 ** 14;

interface Header {
  readonly height: number;
  readonly width: number;
  readonly bits: number;
  readonly colour: number;
  readonly interlaced: boolean;
}

/**
 * The numbers of a grey PNG of 8 or 16 bits; of 2 and 4 bits, the levels in the file.
 *
 * Red, green and blue that are equal are grey, too, and so is a palette of greys. Transparent
 * pixels are invalid.
 *
 * @throws DepthFileError if it is not a whole PNG, has colours, or half transparent pixels.
 */
export function readPng(source: Source): Stored {
  const { name, bytes } = source;
  const header = checkedHeader(source);
  const png = decode(bytes);
  const { height, width } = header;
  if (header.colour === GREY && !png.transparency?.length) {
    if (header.bits >= 8) {
      const values = png.data as Uint8Array | Uint16Array;
      return { numbers: wholeNumbers(values), height, width, valid: null, notes: [] };
    }
    const levels = 2 ** header.bits;
    const note = `it has ${header.bits} bits: ${levels} levels, 0 to ${levels - 1}`;
    const values = unpacked(png.data as Uint8Array, header);
    return { numbers: wholeNumbers(values), height, width, valid: null, notes: [note] };
  }
  const { values, channels } = inColours(source, header, png);
  const most = header.bits === 16 ? 65535 : 255;
  const grey = singleChannel(name, values, channels, most);
  const numbersOf = wholeNumbers(grey.values);
  return { numbers: numbersOf, height, width, valid: grey.opaque, notes: grey.notes };
}

/** What a PNG with colours or transparency shows: numbers, with an alpha if it needs one. */
function inColours(
  { name }: Source,
  header: Header,
  png: ReturnType<typeof decode>,
): { values: Uint8Array | Uint16Array; channels: number } {
  const data = png.data as Uint8Array | Uint16Array;
  if (header.colour === PALETTE) {
    const indices = header.bits < 8 ? unpacked(data as Uint8Array, header) : data;
    const palette = png.palette ?? [];
    const values = new Uint8Array(4 * indices.length);
    indices.forEach((index, k) => {
      const entry = palette[index];
      if (entry === undefined) {
        throw new DepthFileError(`${name} is damaged: it lacks colour ${index} of its palette`);
      }
      values.set([entry[0], entry[1], entry[2], entry[3] ?? 255], 4 * k);
    });
    return { values, channels: 4 };
  }
  const channels = CHANNELS.get(header.colour)!;
  const clear = png.transparency;
  if (!clear?.length) return { values: data, channels };
  // One colour of grey or RGB is transparent.
  const pixels = data.length / channels;
  const values = header.bits === 16 ? new Uint16Array(4 * pixels) : new Uint8Array(4 * pixels);
  const opaque = header.bits === 16 ? 65535 : 255;
  for (let pixel = 0; pixel < pixels; pixel++) {
    const of = [0, 1, 2].map((k) => data[pixel * channels + Math.min(k, channels - 1)]);
    const isClear = of.every((number, k) => number === clear[Math.min(k, channels - 1)]);
    values.set([...of, isClear ? 0 : opaque], 4 * pixel);
  }
  return { values, channels: 4 };
}

/** Numbers of less than 8 bits, each row of which begins with a byte of its own. */
function unpacked(packed: Uint8Array, { height, width, bits }: Header): Uint8Array {
  const stride = Math.ceil((width * bits) / 8);
  const each = 8 / bits;
  const values = new Uint8Array(height * width);
  for (let k = 0; k < values.length; k++) {
    const column = k % width;
    const byte = packed[Math.floor(k / width) * stride + Math.floor(column / each)];
    values[k] = (byte >> (8 - bits * ((column % each) + 1))) & (2 ** bits - 1);
  }
  return values;
}

/** The header of a PNG whose chunks are whole. */
function checkedHeader(source: Source): Header {
  const { name, bytes } = source;
  if (!SIGNATURE.every((byte, k) => bytes[k] === byte)) {
    throw new DepthFileError(`${name} is not a PNG, whatever its name says`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packed: Uint8Array[] = [];
  let header: Header | null = null;
  let place = SIGNATURE.length;
  let type = "";
  while (type !== "IEND") {
    const length = place + 12 <= bytes.length ? view.getUint32(place) : Infinity;
    if (place + 12 + length > bytes.length) {
      throw new DepthFileError(`${name} is damaged or cut off: it ends within a chunk`);
    }
    const content = bytes.subarray(place + 4, place + 8 + length);
    type = String.fromCharCode(...content.subarray(0, 4));
    if (view.getUint32(place + 8 + length) !== crc32(content)) {
      throw new DepthFileError(
        `${name} is damaged: the checksum of its chunk ${shown(type)} is wrong`,
      );
    }
    if (header === null) header = headerOf(source, type, content.subarray(4));
    else if (type === "IHDR") throw new DepthFileError(`${name} is damaged: it has two headers`);
    if (type === "IDAT") packed.push(content.subarray(4));
    place += 12 + length;
  }
  checkRaster(source, header!, packed);
  return header!;
}

function shown(type: string): string {
  return /^[A-Za-z]{4}$/.test(type) ? type : "of no name";
}

function headerOf(source: Source, type: string, content: Uint8Array): Header {
  const { name } = source;
  if (type !== "IHDR" || content.length !== 13) {
    throw new DepthFileError(`${name} is damaged: it does not begin with a header`);
  }
  const view = new DataView(content.buffer, content.byteOffset, 13);
  const header = {
    height: view.getUint32(4),
    width: view.getUint32(0),
    bits: content[8],
    colour: content[9],
    interlaced: content[12] === 1,
  };
  const known = BITS.get(header.colour)?.includes(header.bits) ?? false;
  if (!known || content[10] !== 0 || content[11] !== 0 || content[12] > 1) {
    throw new DepthFileError(`${name} is damaged: its header is none of a PNG`);
  }
  if (header.bits === 1 && header.colour === GREY) {
    throw new DepthFileError(`${name} holds black and white alone: give grey numbers`);
  }
  checkSize(source, header.height, header.width);
  return header;
}

/** Check that compressed bytes unpack to what the header promises, and no more. */
function checkRaster({ name, bytes }: Source, header: Header, packed: readonly Uint8Array[]): void {
  const { height, width } = header;
  const promised = rasterBytes(header);
  if (promised > MOST_COMPRESSED * bytes.length) {
    throw new DepthFileError(
      `${name} promises too many pixels: ${width}×${height} in ${bytes.length} bytes`,
    );
  }
  let found = 0;
  const inflator = new Unzlib((part) => (found += part.length));
  try {
    for (const chunk of packed) {
      for (let k = 0; k < chunk.length && found <= promised; k += UNPACKED_AT_ONCE) {
        inflator.push(chunk.subarray(k, k + UNPACKED_AT_ONCE));
      }
    }
  } catch {
    throw new DepthFileError(`${name} is damaged: its numbers cannot be unpacked`);
  }
  if (found !== promised) {
    const holds = found > promised ? "more" : found;
    throw new DepthFileError(
      `${name} promises ${width}×${height} pixels, ${promised} bytes, but holds ${holds}`,
    );
  }
}

/** Bytes of the rows of a PNG, each with the number of its filter; of all passes, if interlaced. */
function rasterBytes({ height, width, bits, colour, interlaced }: Header): number {
  const rows = (h: number, w: number) =>
    w ? h * (1 + Math.ceil((w * bits * CHANNELS.get(colour)!) / 8)) : 0;
  if (!interlaced) return rows(height, width);
  // First row and column of each of the seven passes, and their distances.
  const passes = [
    [0, 0, 8, 8],
    [0, 4, 8, 8],
    [4, 0, 8, 4],
    [0, 2, 4, 4],
    [2, 0, 4, 2],
    [0, 1, 2, 2],
    [1, 0, 2, 1],
  ];
  return passes.reduce((sum, [y, x, down, right]) => {
    const [h, w] = [Math.ceil((height - y) / down), Math.ceil((width - x) / right)];
    return sum + rows(Math.max(h, 0), Math.max(w, 0));
  }, 0);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

/** The checksum of a chunk's type and content (PNG, annex D). */
function crc32(content: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of content) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The content of a grey PNG of 8 or 16 bits. */
export function packPng(
  numbers: Uint8Array | Uint16Array,
  height: number,
  width: number,
): Uint8Array {
  const depth = numbers instanceof Uint16Array ? 16 : 8;
  return encode({ data: numbers, height, width, depth, channels: 1 });
}
