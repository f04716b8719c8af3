// Grey PNG files of 16 bits; 0 means "no depth".
import { decode, encode } from "fast-png";
import { readFileSync, renameSync, writeFileSync } from "node:fs";

/** Return the depth map in a file. */
export function readPng(path) {
  let image;
  try {
    image = decode(readFileSync(path));
  } catch (error) {
    throw new Error(`${path} cannot be read as PNG: ${error.message}`);
  }
  const { width, height, depth, channels, data } = image;
  if (depth !== 16 || channels !== 1 || image.palette)
    throw new Error(`${path} has ${depth} bits and ${channels} channels: give a grey PNG of 16 bits`);
  return { height, width, values: Float64Array.from(data), valid: Array.from(data, (number) => number !== 0) };
}

/** Write a depth map, beside and renamed, so that no file is ever half there. */
export function writePng(path, { height, width, values, valid }) {
  const data = Uint16Array.from(values, (value, i) => (valid[i] ? Math.floor(value + 0.5) : 0));
  const beside = `${path}.part`;
  writeFileSync(beside, encode({ width, height, data, depth: 16, channels: 1 }));
  renameSync(beside, path);
}
