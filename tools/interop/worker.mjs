// What packages for Node.js do in their own environment, as worker.py does for Python's.
//
// node worker.mjs read NAME FOLDER OURS FILE... reads files of ours;
// node worker.mjs write NAME FOLDER NUMBERS FILE... writes files, named by the types of numbers
// whose arrays, TYPE.npy, lie in NUMBERS. What comes out lies in FOLDER, with index.json.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ARRAYS = { u1: Uint8Array, u2: Uint16Array, f4: Float32Array, f8: Float64Array };
const bytesOf = (path) => {
  const file = readFileSync(path);
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.length);
};

function loadNpy(path) {
  const bytes = bytesOf(path);
  const length = new DataView(bytes).getUint16(8, true);
  const head = Buffer.from(bytes, 10, length).toString();
  const [height, width] = /\((\d+), (\d+)\)/.exec(head).slice(1).map(Number);
  const type = /'[<|](\w\d)'/.exec(head)[1];
  return { height, width, data: new ARRAYS[type](bytes.slice(10 + length)) };
}

function saveNpy(path, { height, width, data }) {
  const type = Object.keys(ARRAYS).find((key) => data instanceof ARRAYS[key]);
  const order = type === "u1" ? "|" : "<";
  let head = `{'descr': '${order}${type}', 'fortran_order': False, 'shape': (${height}, ${width}), }`;
  head += " ".repeat(63 - ((10 + head.length) % 64)) + "\n";
  const start = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, head.length & 255, head.length >> 8]);
  const body = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  writeFileSync(path, Buffer.concat([start, Buffer.from(head), body]));
}

const every = (data, step) => data.filter((_, index) => index % step === 0);
const ofPixels = (width, height, data) => ({
  width,
  height,
  data: every(data, data.length / (width * height)),
});

async function readBySharp(path, depth, space) {
  const { default: sharp } = await import("sharp");
  const picture = space ? sharp(path).toColourspace(space) : sharp(path);
  const options = { resolveWithObject: true };
  const { data, info } = await picture.raw({ depth }).toBuffer(options);
  const form = { uchar: Uint8Array, ushort: Uint16Array, float: Float32Array }[depth];
  const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.length);
  return ofPixels(info.width, info.height, new form(bytes));
}

const READERS = {
  pngjs: async (path) => {
    const { PNG } = await import("pngjs");
    const { width, height, data } = PNG.sync.read(readFileSync(path), { skipRescale: true });
    return ofPixels(width, height, data);
  },
  "fast-png": async (path) => {
    const { decode } = await import("fast-png");
    const { width, height, data } = decode(readFileSync(path));
    return ofPixels(width, height, data);
  },
  sharp: async (path, type) =>
    readBySharp(path, { uint8: "uchar", uint16: "ushort", float32: "float" }[type]),
  "geotiff.js": async (path) => {
    const { fromArrayBuffer } = await import("geotiff");
    const image = await (await fromArrayBuffer(bytesOf(path))).getImage();
    const [data] = await image.readRasters();
    return { width: image.getWidth(), height: image.getHeight(), data };
  },
  "tiff (image-js)": async (path) => {
    const { decode } = await import("tiff");
    const [{ width, height, data }] = decode(readFileSync(path));
    return ofPixels(width, height, data);
  },
  h5wasm: async (path) => {
    const { default: h5wasm, ready, File } = await import("h5wasm/node");
    await (ready ?? h5wasm.ready);
    const file = new (File ?? h5wasm.File)(path, "r");
    const set = file.get("depth");
    const [height, width] = set.shape;
    return { width, height, data: set.value };
  },
  zarrita: async (path) => {
    const { open, root, get } = await import("zarrita");
    const { default: Store } = await import("@zarrita/storage/fs");
    const array = await open(root(new Store(path)).resolve("depth"), { kind: "array" });
    const { shape, data } = await get(array);
    return { width: shape[1], height: shape[0], data };
  },
  npyjs: async (path) => {
    const { parse } = await import("npyjs");
    const { shape, data } = await parse(bytesOf(path));
    return { width: shape[1], height: shape[0], data };
  },
  "parse-exr": async (path) => {
    const { default: parse } = await import("parse-exr");
    const { width, height, data } = parse(bytesOf(path), 1015);
    return ofPixels(width, height, data);
  },
};

const WRITERS = {
  pngjs: async (path, { width, height, data }) => {
    const { PNG } = await import("pngjs");
    const bitDepth = 8 * data.BYTES_PER_ELEMENT;
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const options = { width, height, bitDepth, colorType: 0, inputColorType: 0 };
    const picture = new PNG({ ...options, inputHasAlpha: false });
    picture.data = bytes;
    writeFileSync(path, PNG.sync.write(picture, { ...options, inputHasAlpha: false }));
  },
  "fast-png": async (path, { width, height, data }) => {
    const { encode } = await import("fast-png");
    const depth = 8 * data.BYTES_PER_ELEMENT;
    writeFileSync(path, encode({ width, height, data, depth, channels: 1 }));
  },
  sharp: async (path, { width, height, data }) => {
    const { default: sharp } = await import("sharp");
    const raw = { width, height, channels: 1 };
    await sharp(data, { raw }).toColourspace(data.BYTES_PER_ELEMENT > 1 ? "grey16" : "b-w").toFile(path);
  },
  "geotiff.js": async (path, { width, height, data }) => {
    const { writeArrayBuffer } = await import("geotiff");
    writeFileSync(path, Buffer.from(writeArrayBuffer(data, { width, height })));
  },
  h5wasm: async (path, { width, height, data }) => {
    const { default: h5wasm } = await import("h5wasm/node");
    await h5wasm.ready;
    const file = new h5wasm.File(path, "w");
    file.create_dataset({ name: "depth", data, shape: [height, width] });
    file.close();
  },
};

const [action, name, folder, other, ...files] = process.argv.slice(2);
const index = { refused: {} };
for (const file of files) {
  const type = /^[a-z]+\d+/.exec(file)[0];
  try {
    if (action === "read") {
      saveNpy(join(folder, `${file}.read.npy`), await READERS[name](join(other, file), type));
    } else {
      const given = join(other, `${type}.npy`);
      const numbers = loadNpy(given);
      await WRITERS[name](join(folder, file), numbers);
      writeFileSync(join(folder, `${file}.given.npy`), readFileSync(given));
      if (READERS[name]) {
        const own = await READERS[name](join(folder, file), type).catch(() => undefined);
        if (own) saveNpy(join(folder, `${file}.read.npy`), own);
      }
    }
  } catch (error) {
    index.refused[file] = `${error.name}: ${error.message}`.replace(/\s+/g, " ").slice(0, 120);
  }
}
writeFileSync(join(folder, "index.json"), JSON.stringify(index));
